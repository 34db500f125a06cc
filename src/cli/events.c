/* Reports of a node in plain words. Nothing is decided here. */
#include "cli/events.h"

#include <inttypes.h>
#include <string.h>

#include "cli/verdict.h"

const char *gasp_result_words(gasp_result result)
{
    switch (result) {
    case GASP_RESULT_NONE:
        break;
    case GASP_RESULT_COMPLETE:
        return "complete";
    case GASP_RESULT_REFUSALS:
        return "complete with refusals";
    case GASP_RESULT_PARTIAL:
        return "partial";
    }
    return "not finished";
}

static void on_opened(gasp_events *events, const gasp_event *event)
{
    gasp_cli_note(events->cli,
                  "agreed: protocol %u, compared by %s; %" PRIu64 " outputs here, %" PRIu64
                  " there, whose chain ends at height %" PRIu32 "%s",
                  (unsigned)event->opened.version, event->opened.match == GASP_MATCH_STATE ? "state" : "outpoint",
                  event->opened.mine, event->opened.theirs, event->opened.peer_height,
                  event->opened.equal ? "; there is nothing to do" : "");
}

static void put_taken(json_t *list, const gasp_event *event)
{
    json_t *row = json_object();
    gasp_json_put(row, "txid", gasp_json_hash(event->graph.txid.b));
    gasp_json_put(row, "outputs", json_integer(event->graph.n_outputs));
    gasp_json_put(row, "new", json_boolean(event->graph.changed));
    (void)json_array_append_new(list, row);
}

static void on_committed(gasp_events *events, const gasp_event *event)
{
    char text[GASP_OUTPOINT_TEXT_MAX + 32];
    const gasp_outpoint outpoint = {event->graph.txid, event->graph.vout};
    const char *word = event->graph.changed ? "committed" : "held     ";
    events->committed++;
    if (events->taken != NULL)
        put_taken(events->taken, event);
    if (event->graph.n_outputs == 1) {
        gasp_outpoint_to_text(text, &outpoint);
    } else {
        gasp_txid_to_text(text, &event->graph.txid);
        snprintf(text + strlen(text), 32, "  %" PRIu32 " outputs", event->graph.n_outputs);
    }
    if (events->counts)
        gasp_cli_progress(events->cli, "sync: %" PRIu64 " transactions taken, %" PRIu64 " not", events->committed,
                          events->refused + events->aside);
    else if (!events->dry)
        gasp_cli_note(events->cli, "%s  %s", word, text);
    else if (event->graph.changed)
        gasp_cli_out(events->cli, "would come     %s\n", text);
}

/* What was not taken, as import says it. */
static void on_refused(gasp_events *events, const gasp_event *event)
{
    char txid[GASP_HASH_TEXT_MAX];
    gasp_reason_text reason;
    json_t *row = json_object();
    const gasp_verdict verdict = {.txid = event->graph.txid,
                                  .err = event->graph.err,
                                  .cause = event->graph.cause,
                                  .cause_err = event->graph.cause_err,
                                  .height = event->graph.height};
    gasp_err root = gasp_verdict_root(&verdict);
    bool missing = gasp_err_refusal(root) == GASP_REFUSAL_MISSING;
    *(missing ? &events->aside : &events->refused) += 1;
    gasp_txid_to_text(txid, &verdict.txid);
    gasp_verdict_reason(&reason, &verdict, false);
    if (events->dry)
        gasp_cli_out(events->cli, "would not come %s  %s\n", txid, reason.text);
    else
        gasp_cli_note(events->cli, "%s  %s  %s", missing ? "set aside" : "refused  ", txid, reason.text);
    gasp_json_put(row, "txid", json_string(txid));
    gasp_json_put(row, "code", json_string(gasp_err_name(verdict.err)));
    gasp_json_put(row, "cause", gasp_json_hash(verdict.cause.b));
    gasp_json_put(row, "cause_code", json_string(gasp_err_name(root)));
    gasp_json_put(row, "refusal", json_string(gasp_refusal_name(gasp_err_refusal(root))));
    gasp_json_put(row, "message", json_string(reason.text));
    (void)json_array_append_new(events->list, row);
}

static void on_event(gasp_events *events, const gasp_event *event)
{
    switch (event->kind) {
    case GASP_EVENT_OPENED:
        on_opened(events, event);
        return;
    case GASP_EVENT_TURN:
        gasp_cli_note(events->cli, "%s", event->turn.receiving ? "receiving" : "sending");
        return;
    case GASP_EVENT_COMMITTED:
        on_committed(events, event);
        return;
    case GASP_EVENT_REFUSED:
        on_refused(events, event);
        return;
    case GASP_EVENT_CLOSED:
        events->result = event->closed.result;
        events->peer_result = event->closed.peer_result;
        events->accounted = event->closed.accounted;
        events->rounds = (uint64_t)event->closed.round + 1;
        events->equal = event->closed.equal;
        events->summary = event->closed.summary;
        gasp_cli_note(events->cli, "round ended: %s here, %s at the peer%s", gasp_result_words(event->closed.result),
                      gasp_result_words(event->closed.peer_result),
                      event->closed.again ? "; not accounted for, so another one follows" : "");
        return;
    }
}

static void on_ended(gasp_events *events, const gasp_report *report)
{
    events->err = report->err;
    events->peer_err = report->fault != NULL ? report->fault->peer_err : GASP_OK;
    if (report->stats != NULL)
        events->stats = *report->stats;
    snprintf(events->text, sizeof events->text, "%s", report->text != NULL ? report->text : "");
    events->failed += report->err != GASP_OK;
    if (report->err == GASP_OK)
        gasp_cli_note(events->cli, "connection %" PRIu64 " ended", report->connection);
    else if (!events->single)
        gasp_cli_note(events->cli, "connection %" PRIu64 " failed: %s%s%s", report->connection,
                      gasp_err_text(report->err), events->text[0] != '\0' ? ": " : "", events->text);
}

void gasp_events_report(void *ctx, const gasp_report *report)
{
    gasp_events *events = ctx;
    switch (report->kind) {
    case GASP_REPORT_CONNECTED:
        events->connections++;
        gasp_cli_note(events->cli, "connection %" PRIu64 ": %s", report->connection,
                      report->text != NULL ? report->text : "");
        return;
    case GASP_REPORT_EVENT:
        on_event(events, report->event);
        return;
    case GASP_REPORT_ENDED:
        on_ended(events, report);
        return;
    }
}
