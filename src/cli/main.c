/* The command gasp: reads its arguments, runs one command, writes its answer. Everything it can do is done through
 * include/gasp/, as an embedder would. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "gasp/version.h"

int gasp_cmd_version(gasp_cli *cli)
{
    gasp_json_put(cli->answer, "version", json_string(gasp_version()));
    gasp_cli_out(cli, "gasp %s\n", gasp_version());
    return GASP_EXIT_DONE;
}

static int run(gasp_cli *cli)
{
    if (gasp_cli_has(cli, GASP_OPT_HELP)) {
        gasp_cli_help(cli, cli->command);
        return GASP_EXIT_DONE;
    }
    if (cli->command != NULL)
        return cli->command->run(cli);
    if (gasp_cli_has(cli, GASP_OPT_VERSION))
        return gasp_cmd_version(cli);
    return gasp_cli_usage(cli, "no command");
}

int main(int argc, char **argv)
{
    gasp_cli cli = {0};
    cli.answer = json_object();
    int code = gasp_cli_parse(&cli, argc, argv);
    if (code == GASP_EXIT_DONE)
        code = run(&cli);
    code = gasp_cli_finish(&cli, code);
    json_decref(cli.answer);
    free(cli.operand);
    return code;
}
