/* gasp headers import: a run of headers, in pieces so that progress shows. A piece with a pin reaches past it. */
#include <inttypes.h>
#include <string.h>

#include "cli/headers.h"
#include "gasp/header.h"
#include "gasp/node.h"

enum { PIECE = 20000 };

static void add(gasp_headers_report *sum, const gasp_headers_report *piece)
{
    sum->linked += piece->linked;
    sum->judged += piece->judged;
    sum->known += piece->known;
    sum->tip_height = piece->tip_height;
    sum->tip = piece->tip;
    sum->reorganised = sum->reorganised || piece->reorganised;
}

void gasp_headers_give(gasp_cli *cli, gasp_wallet *wallet, gasp_headers_run *out, gasp_bytes run, uint32_t height,
                       const gasp_pin *pin)
{
    size_t n = run.len / GASP_HEADER_LEN;
    *out = (gasp_headers_run){.report = {.given = n}};
    for (size_t at = 0; at < n && out->err == GASP_OK;) {
        gasp_headers_report piece = {0};
        gasp_fault fault = {0};
        size_t len = n - at < PIECE ? n - at : PIECE;
        const gasp_pin *its = at == 0 ? pin : NULL;
        if (its != NULL && its->height >= height && its->height - height < n)
            len = its->height - height + 1 > len ? its->height - height + 1 : len;
        out->err = gasp_wallet_headers_import(wallet, &piece, run.data + at * GASP_HEADER_LEN, len * GASP_HEADER_LEN,
                                              height + (uint32_t)at, its, gasp_node_now(), &fault);
        add(&out->report, &piece);
        if (out->err != GASP_OK)
            out->fault = (gasp_fault){fault.err, fault.at + at * GASP_HEADER_LEN, fault.item + at};
        at += len;
        gasp_cli_progress(cli, "headers %zu of %zu", at, n);
    }
}

void gasp_headers_report_json(json_t *out, const gasp_headers_report *report)
{
    gasp_json_put(out, "given", json_integer((json_int_t)report->given));
    gasp_json_put(out, "linked", json_integer((json_int_t)report->linked));
    gasp_json_put(out, "judged", json_integer((json_int_t)report->judged));
    gasp_json_put(out, "known", json_integer((json_int_t)report->known));
    gasp_json_put(out, "reorganised", json_boolean(report->reorganised));
    gasp_json_put(out, "tip_height", json_integer(report->tip_height));
    gasp_json_put(out, "tip", gasp_json_hash(report->tip.b));
}

static void say(gasp_cli *cli, const gasp_headers_report *report)
{
    char tip[GASP_HASH_TEXT_MAX];
    gasp_block_hash_to_text(tip, &report->tip);
    gasp_headers_report_json(cli->answer, report);
    gasp_cli_out(cli,
                 "%" PRIu64 " headers: %" PRIu64 " by link to the pin, %" PRIu64 " by every rule, %" PRIu64 " known\n",
                 report->given, report->linked, report->judged, report->known);
    if (report->reorganised)
        gasp_cli_out(cli, "another branch is the best chain now\n");
    gasp_cli_out(cli, "tip at height %" PRIu32 ": %s\n", report->tip_height, tip);
}

static int give(gasp_cli *cli, gasp_opened *opened, const gasp_input *input, uint32_t height, const gasp_pin *pin)
{
    gasp_headers_run run;
    char place[GASP_PLACE_MAX];
    size_t n = 0;
    gasp_fault fault = {0};
    gasp_err err = gasp_header_count(&n, input->bytes, &fault);
    if (err != GASP_OK) {
        gasp_input_place(place, input, &fault, GASP_COUNTED_NOTHING);
        return gasp_cli_error(cli, err, place, NULL);
    }
    if (pin != NULL && (pin->height < height || pin->height - height >= n))
        return gasp_cli_usage(cli, "--pin: height %" PRIu32 " is not in %s, whose %zu headers begin at height %" PRIu32,
                              pin->height, input->name, n, height);
    gasp_headers_give(cli, opened->wallet, &run, input->bytes, height, pin);
    if (run.err == GASP_OK || run.report.linked + run.report.judged > 0)
        say(cli, &run.report);
    if (run.err == GASP_OK)
        return GASP_EXIT_DONE;
    if (run.fault.err != run.err)
        return gasp_cli_wallet_error(cli, opened, run.err, input->name);
    gasp_input_place(place, input, &run.fault, GASP_COUNTED_HEADER);
    char detail[40];
    snprintf(detail, sizeof detail, "height %" PRIu64, height + run.fault.item);
    return gasp_cli_error(cli, run.err, place, detail);
}

int gasp_cmd_headers_import(gasp_cli *cli)
{
    gasp_opened opened = {0};
    gasp_input input = {0};
    gasp_pin pin;
    uint32_t height;
    bool pinned = gasp_cli_has(cli, GASP_OPT_PIN);
    int code = gasp_cli_height(cli, &height, true);
    if (code == GASP_EXIT_DONE && pinned)
        code = gasp_cli_pin(cli, &pin);
    if (code == GASP_EXIT_DONE)
        code = gasp_cli_read(cli, &input, cli->operand[1]);
    if (code == GASP_EXIT_DONE)
        code = gasp_cli_open(cli, &opened, NULL);
    if (code == GASP_EXIT_DONE)
        code = give(cli, &opened, &input, height, pinned ? &pin : NULL);
    gasp_cli_close(&opened);
    gasp_input_clear(&input);
    return code;
}
