/* gasp headers tip: the end of the best chain. */
#include <inttypes.h>
#include <string.h>

#include "cli/headers.h"
#include "gasp/header.h"

void gasp_header_info_json(json_t *out, const gasp_header_info *info)
{
    static const char *const trust[] = {"", "rules", "pin", "decree"};
    gasp_header header;
    gasp_header_decode(&header, info->raw80);
    gasp_json_put(out, "height", json_integer(info->height));
    gasp_json_put(out, "hash", gasp_json_hash(info->hash.b));
    gasp_json_put(out, "time", json_integer(header.time));
    gasp_json_put(out, "work", gasp_json_hex((gasp_bytes){info->work.be, sizeof info->work.be}));
    gasp_json_put(out, "trust", json_string(trust[info->trust]));
    gasp_json_put(out, "raw", gasp_json_hex((gasp_bytes){info->raw80, sizeof info->raw80}));
}

static void say(gasp_cli *cli, const gasp_header_info *info)
{
    char hash[GASP_HASH_TEXT_MAX];
    char time[GASP_TIME_TEXT_MAX];
    char work[65];
    gasp_header header;
    gasp_header_decode(&header, info->raw80);
    gasp_block_hash_to_text(hash, &info->hash);
    gasp_text_time(time, header.time);
    gasp_hex_encode(work, info->work.be, sizeof info->work.be);
    gasp_cli_out(cli, "height  %" PRIu32 "\nhash    %s\ntime    %s UTC\nwork    %s\n", info->height, hash, time,
                 work + strspn(work, "0"));
}

int gasp_cmd_headers_tip(gasp_cli *cli)
{
    gasp_opened opened = {0};
    gasp_header_info info;
    int code = gasp_cli_open(cli, &opened, NULL);
    if (code == GASP_EXIT_DONE) {
        gasp_err err = gasp_wallet_headers_tip(opened.wallet, &info);
        if (err != GASP_OK)
            code = gasp_cli_wallet_error(cli, &opened, err, opened.dir);
    }
    if (code == GASP_EXIT_DONE) {
        gasp_header_info_json(cli->answer, &info);
        say(cli, &info);
    }
    gasp_cli_close(&opened);
    return code;
}
