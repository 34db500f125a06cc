/* The command gasp: reads its arguments, runs one command, writes its answer. Everything it can do is done through
 * include/gasp/, as an embedder would. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "gasp/leveldb.h"
#include "gasp/node.h"
#include "gasp/version.h"

static void put_features(json_t *out, uint64_t features)
{
    json_t *list = json_array();
    for (uint64_t bit = 1; bit != 0; bit <<= 1)
        if ((features & bit) != 0 && gasp_feature_name(bit) != NULL)
            (void)json_array_append_new(list, json_string(gasp_feature_name(bit)));
    gasp_json_put(out, "features", list);
}

static void put_libraries(json_t *out, const gasp_about *about)
{
    char leveldb[GASP_LEVELDB_VERSION_MAX];
    json_t *list = json_object();
    gasp_leveldb_version(leveldb);
    gasp_json_put(list, "libbloom", json_string(about->bloom));
    gasp_json_put(list, "libsecp256k1", json_string(about->secp256k1));
    gasp_json_put(list, "openssl", json_string(about->openssl));
    gasp_json_put(list, "leveldb", json_string(leveldb));
    gasp_json_put(list, "libuv", json_string(gasp_node_uv_version()));
    gasp_json_put(list, "jansson", json_string(jansson_version_str()));
    gasp_json_put(out, "libraries", list);
}

int gasp_cmd_version(gasp_cli *cli)
{
    gasp_about about = {.size = sizeof about};
    gasp_err err = gasp_about_get(&about);
    if (err != GASP_OK)
        return gasp_cli_error(cli, err, "", NULL);
    gasp_json_put(cli->answer, "version", json_string(about.version));
    gasp_json_put(cli->answer, "protocol",
                  json_pack("{s:i,s:i}", "min", about.protocol_min, "max", about.protocol_max));
    put_features(cli->answer, about.features);
    gasp_json_put(cli->answer, "layout", json_integer(about.layout));
    gasp_json_put(cli->answer, "backup", json_integer(about.backup));
    put_libraries(cli->answer, &about);
    gasp_cli_out(cli, "gasp %s\n", about.version);
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
