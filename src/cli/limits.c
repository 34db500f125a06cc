/* gasp limits: the table of limits, as the library has it. */
#include "gasp/limits.h"

#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"

static json_t *limit_json(const gasp_limit_info *row)
{
    json_t *out = json_object();
    gasp_json_put(out, "name", json_string(row->name));
    gasp_json_put(out, "value", json_integer((json_int_t)row->value));
    gasp_json_put(out, "unit", json_string(row->unit));
    gasp_json_put(out, "set", json_string(row->set));
    gasp_json_put(out, "error", row->err == GASP_OK ? json_null() : json_string(gasp_err_name(row->err)));
    gasp_json_put(out, "beyond", json_string(row->beyond));
    gasp_json_put(out, "bounds", json_string(row->bounds));
    gasp_json_put(out, "test", json_string(row->test));
    return out;
}

int gasp_cmd_limits(gasp_cli *cli)
{
    json_t *list = json_array();
    const gasp_limit_info *row;
    for (size_t i = 0; (row = gasp_limit_at(i)) != NULL; i++) {
        const char *field = strrchr(row->set, '.');
        (void)json_array_append_new(list, limit_json(row));
        gasp_cli_out(cli, "%-20s %11" PRIu64 " %-14s %-6s %s\n", row->name, row->value, row->unit,
                     field != NULL ? "set" : "fixed", row->bounds);
    }
    gasp_json_put(cli->answer, "limits", list);
    return GASP_EXIT_DONE;
}
