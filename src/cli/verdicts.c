/* The verdicts over what a file brought, a line each: for every command that takes transactions or proofs in. The exit
 * code is that of the worst. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verdict.h"

static const char *const fate_words[] = {"", "committed", "known", "set aside", "refused", "unneeded"};

static json_t *verdict_json(const gasp_verdicts *run, const gasp_verdict *verdict, const gasp_reason_text *reason)
{
    json_t *out = json_object();
    gasp_json_put(out, "file", json_string(run->file));
    gasp_json_put(out, "txid", gasp_json_hash(verdict->txid.b));
    gasp_json_put(out, "verdict", json_string(fate_words[verdict->fate]));
    if (run->proofs)
        gasp_json_put(out, "height", json_integer(verdict->height));
    else
        gasp_json_put(out, "outputs", json_integer(verdict->n_outputs));
    if (verdict->err == GASP_OK)
        return out;
    gasp_json_put(out, "code", json_string(gasp_err_name(verdict->err)));
    gasp_json_put(out, "refusal", json_string(gasp_refusal_name(gasp_err_refusal(gasp_verdict_root(verdict)))));
    gasp_json_put(out, "cause", gasp_json_hash(verdict->cause.b));
    gasp_json_put(out, "cause_code", json_string(gasp_err_name(verdict->cause_err)));
    gasp_json_put(out, "message", json_string(reason->text));
    if (gasp_verdict_names_input(gasp_verdict_root(verdict)))
        gasp_json_put(out, "input", json_integer((json_int_t)verdict->input));
    return out;
}

void gasp_exit_worsen(int *code, int other)
{
    static const int order[] = {GASP_EXIT_DONE, GASP_EXIT_PARTIAL, GASP_EXIT_INVALID, GASP_EXIT_FILE};
    size_t rank[2] = {4, 4};
    for (size_t i = 0; i < 4; i++) {
        rank[0] = order[i] == *code ? i : rank[0];
        rank[1] = order[i] == other ? i : rank[1];
    }
    if (rank[1] > rank[0])
        *code = other;
}

gasp_err gasp_verdicts_visit(void *ctx, const gasp_verdict *verdict)
{
    static const gasp_style styles[] = {GASP_PLAIN, GASP_GREEN, GASP_DIM, GASP_YELLOW, GASP_RED, GASP_DIM};
    gasp_verdicts *run = ctx;
    char txid[GASP_HASH_TEXT_MAX];
    char outputs[32] = "";
    gasp_reason_text reason = {""};
    if (verdict->err != GASP_OK)
        gasp_verdict_reason(&reason, verdict, true);
    gasp_txid_to_text(txid, &verdict->txid);
    if (run->proofs)
        snprintf(outputs, sizeof outputs, "height %" PRIu32, verdict->height);
    else if (verdict->n_outputs > 0)
        snprintf(outputs, sizeof outputs, "%" PRIu32 " %s", verdict->n_outputs,
                 verdict->n_outputs == 1 ? "output" : "outputs");
    gasp_cli_out(run->cli, "%s%-9s%s  %s%s%s\n", gasp_cli_style(run->cli, styles[verdict->fate]),
                 fate_words[verdict->fate], gasp_cli_style(run->cli, GASP_PLAIN), txid,
                 reason.text[0] != '\0' || outputs[0] != '\0' ? "  " : "",
                 reason.text[0] != '\0' ? reason.text : outputs);
    (void)json_array_append_new(run->list, verdict_json(run, verdict, &reason));
    run->count[verdict->fate]++;
    if (verdict->fate == GASP_FATE_REFUSED) {
        gasp_cli_put_error(run->cli, gasp_err_name(verdict->err), gasp_class_name(gasp_err_class(verdict->err)), txid,
                           reason.text);
        gasp_exit_worsen(&run->code, GASP_EXIT_INVALID);
    } else if (verdict->fate == GASP_FATE_ASIDE) {
        gasp_exit_worsen(&run->code, GASP_EXIT_PARTIAL);
    }
    return GASP_OK;
}

int gasp_cli_outputs(gasp_cli *cli, gasp_add_config *config, uint32_t **list)
{
    const char *text = cli->value[GASP_OPT_OUTPUTS];
    if (text == NULL)
        return GASP_EXIT_DONE;
    config->take = GASP_TAKE_ALL;
    if (strcmp(text, "all") == 0)
        return GASP_EXIT_DONE;
    *list = calloc(strlen(text) / 2 + 1, sizeof **list);
    if (*list == NULL)
        return gasp_cli_error(cli, GASP_ERR_NOMEM, "", NULL);
    config->take = GASP_TAKE_LIST;
    config->vouts = *list;
    for (const char *at = text;;) {
        char number[16] = "";
        uint64_t value = 0;
        size_t len = strcspn(at, ",");
        if (len < sizeof number)
            memcpy(number, at, len);
        if (!gasp_cli_number(&value, number, UINT32_MAX))
            return gasp_cli_usage(cli, "--outputs %.80s: it is `all`, or numbers with commas between", text);
        (*list)[config->n_vouts++] = (uint32_t)value;
        if (at[len] == '\0')
            return GASP_EXIT_DONE;
        at += len + 1;
    }
}

void gasp_verdicts_sum_up(gasp_verdicts *run)
{
    json_t *counts = json_object();
    static const char *const names[] = {"", "committed", "known", "aside", "refused", "unneeded"};
    for (size_t i = 1; i < 6; i++)
        gasp_json_put(counts, names[i], json_integer((json_int_t)run->count[i]));
    gasp_json_put(run->cli->answer, "counts", counts);
    gasp_cli_out(run->cli,
                 "%" PRIu64 " committed, %" PRIu64 " known, %" PRIu64 " set aside, %" PRIu64 " refused, %" PRIu64
                 " unneeded\n",
                 run->count[1], run->count[2], run->count[3], run->count[4], run->count[5]);
}

int gasp_verdicts_fault(gasp_verdicts *run, const gasp_opened *opened, const gasp_input *input, gasp_err err,
                        const gasp_fault *fault, gasp_counted counted)
{
    char place[GASP_PLACE_MAX];
    if (err == GASP_OK)
        return GASP_EXIT_DONE;
    if (gasp_cli_exit_of(err) != GASP_EXIT_FILE)
        return gasp_cli_wallet_error(run->cli, opened, err, input->name);
    if (fault->err == err)
        gasp_input_place(place, input, fault, counted);
    else
        snprintf(place, sizeof place, "%.300s", input->name);
    gasp_exit_worsen(&run->code, gasp_cli_error(run->cli, err, place, NULL));
    return GASP_EXIT_DONE;
}
