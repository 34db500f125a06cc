/* The table of limits as data, and, in the build that checks the tests of it, the switch. */
#include "base/limits.h"

#include <string.h>

#ifdef GASP_LIMITS_SWITCH
#include <stdlib.h>
#endif

#define SET_ROW(id, name, value, unit, set, err, beyond, test, bounds)                                                 \
    {name, value, unit, set, err, beyond, bounds, test},
#define FIXED_ROW(id, name, value, unit, err, beyond, test, bounds)                                                    \
    {name, value, unit, "fixed", err, beyond, bounds, test},

static const gasp_limit_info rows[] = {GASP_LIMITS_SET(SET_ROW) GASP_LIMITS_FIXED(FIXED_ROW)};

_Static_assert(sizeof rows / sizeof rows[0] == GASP_LIMIT_ROWS, "a number for each row");

const gasp_limit_info *gasp_limit_at(size_t i)
{
    return i < GASP_LIMIT_ROWS ? &rows[i] : NULL;
}

const gasp_limit_info *gasp_limit_find(const char *name)
{
    for (size_t i = 0; i < GASP_LIMIT_ROWS; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

uint64_t gasp_limit_value(int row)
{
    return rows[row].value;
}

#ifdef GASP_LIMITS_SWITCH
uint64_t gasp_limit_switched(int row, uint64_t value)
{
    static const uint64_t lifted = (UINT64_C(1) << 40) + INT32_MAX;
    const char *off = getenv("GASP_LIMIT_OFF");
    return off != NULL && strcmp(off, rows[row].name) == 0 ? lifted : value;
}
#endif
