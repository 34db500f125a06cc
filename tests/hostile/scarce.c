/* Memory that ends. Each block bears the name of its owner in front of it: one that is given back to another, or to the C
 * library, ends the program. */
#include "hostile/scarce.h"

#include <stdio.h>
#include <stdlib.h>

enum { HEAD = 16 /* keeps the alignment of malloc */ };

static bool refuse(scarce *s)
{
    s->asked++;
    return s->fail_at != 0 && s->asked == s->fail_at;
}

static uint8_t *start_of(const scarce *s, void *block)
{
    uint8_t *start = (uint8_t *)block - HEAD;
    if (*(const scarce **)(void *)start != s) {
        fprintf(stderr, "memory was given back to somebody else\n");
        abort();
    }
    return start;
}

static void *own(scarce *s, uint8_t *start)
{
    if (start == NULL)
        return NULL;
    *(const scarce **)(void *)start = s;
    return start + HEAD;
}

static void *allocate(void *user, size_t len)
{
    scarce *s = user;
    void *block = refuse(s) ? NULL : own(s, malloc(HEAD + len));
    s->live += block != NULL;
    return block;
}

static void *resize(void *user, void *block, size_t len)
{
    scarce *s = user;
    uint8_t *start = block != NULL ? start_of(s, block) : NULL;
    void *moved = refuse(s) ? NULL : own(s, realloc(start, HEAD + len));
    s->live += moved != NULL && block == NULL;
    return moved;
}

static void release(void *user, void *block)
{
    scarce *s = user;
    if (block == NULL)
        return;
    free(start_of(s, block));
    s->live--;
}

void scarce_init(scarce *s)
{
    *s = (scarce){.mem = {sizeof s->mem, s, allocate, resize, release}};
}

void scarce_fail(scarce *s, size_t nth)
{
    s->fail_at = nth > 0 ? s->asked + nth : 0;
}

bool scarce_failed(const scarce *s)
{
    return s->fail_at != 0 && s->asked >= s->fail_at;
}
