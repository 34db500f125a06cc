/* Two wallets in one process: Alice holds an output, Bob gets it from her. */
#include <stdio.h>

#include "gasp/session.h"

/* The header of mainnet block 1, and its only transaction with its merkle path, as BEEF. */
static const char header_hex[] =
    "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744"
    "bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299";
static const char beef_hex[] =
    "0100beef010101010002982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e0101000000"
    "010000000000000000000000000000000000000000000000000000000000000000ffffffff0704ffff001d0104ff"
    "ffffff0100f2052a0100000043410496b538e853519c726a2c91e61ec11600ae1390813a627c66fb8be7947be63c"
    "52da7589379515d4e0a604f8141781e62294721166bf621e73a82cbf2342c858eeac000000000100";

static const gasp_time now = {.mono_ms = 1, .wall_ms = 1700000000000}; /* a real host asks its clock each time */

/* A wallet in memory that takes block 1 on our word. */
static gasp_err wallet_make(gasp_wallet **wallet, gasp_kv **kv)
{
    uint8_t raw80[80];
    gasp_wallet_config config;
    gasp_wallet_config_init(&config); /* a real host fills config.seed32 with random bytes */
    gasp_err err = gasp_kv_memory_new(kv, NULL);
    config.kv = *kv;
    if (err == GASP_OK)
        err = gasp_wallet_create(&config, GASP_NETWORK_MAIN, now);
    if (err == GASP_OK)
        err = gasp_wallet_open(wallet, &config);
    if (err == GASP_OK)
        err = gasp_hex_decode(raw80, 80, header_hex, sizeof header_hex - 1);
    return err == GASP_OK ? gasp_wallet_headers_trust(*wallet, raw80, 1, now) : err;
}

static gasp_err add_beef(gasp_wallet *wallet)
{
    uint8_t beef[(sizeof beef_hex - 1) / 2];
    gasp_add_config config;
    gasp_add_config_init(&config); /* all outputs, into the default collection */
    gasp_err err = gasp_hex_decode(beef, sizeof beef, beef_hex, sizeof beef_hex - 1);
    return err == GASP_OK ? gasp_wallet_add(wallet, beef, sizeof beef, &config, now, NULL, NULL, NULL) : err;
}

static gasp_err session_make(gasp_session **session, gasp_wallet *wallet, bool initiator)
{
    gasp_session_config config;
    gasp_session_config_init(&config);
    config.wallet = wallet;
    config.initiator = initiator;
    config.seed32[0] = initiator; /* a real host fills it with random bytes, new for every session */
    return gasp_session_new(session, &config);
}

/* What one side has to say goes to the other. Over a socket: write all of it there, and give what read() gave. */
static gasp_err carry(gasp_session *from, gasp_session *to)
{
    const uint8_t *bytes;
    size_t len;
    gasp_err err = gasp_session_send(from, &bytes, &len, now);
    while (err == GASP_OK && len > 0) {
        err = gasp_session_recv(to, bytes, len, now);
        if (err == GASP_OK)
            err = gasp_session_send(from, &bytes, &len, now);
    }
    return err;
}

static gasp_err print_output(void *ctx, const gasp_output *output)
{
    char text[GASP_OUTPOINT_TEXT_MAX];
    gasp_outpoint_to_text(text, &output->outpoint);
    printf("%s has %s, %llu satoshi\n", (const char *)ctx, text, (unsigned long long)output->sat);
    return GASP_OK;
}

int main(void)
{
    static const gasp_collection collection; /* all zero: the default one */
    gasp_kv *kv[2] = {NULL, NULL};
    gasp_wallet *wallet[2] = {NULL, NULL};
    gasp_session *session[2] = {NULL, NULL};
    gasp_event event;
    gasp_err err = GASP_OK;
    for (int i = 0; i < 2 && err == GASP_OK; i++)
        err = wallet_make(&wallet[i], &kv[i]);
    if (err == GASP_OK)
        err = add_beef(wallet[0]); /* Alice's */
    for (int i = 0; i < 2 && err == GASP_OK; i++)
        err = session_make(&session[i], wallet[i], i == 1);
    while (err == GASP_OK && !(gasp_session_done(session[0]) && gasp_session_done(session[1]))) {
        err = carry(session[1], session[0]);
        if (err == GASP_OK)
            err = carry(session[0], session[1]);
        while (err == GASP_OK && gasp_session_event(session[1], &event) == GASP_OK)
            if (event.kind == GASP_EVENT_CLOSED)
                printf("%s\n", event.closed.result == GASP_RESULT_COMPLETE ? "complete" : "not complete");
    }
    if (err == GASP_OK)
        err = gasp_wallet_outputs(wallet[1], &collection, NULL, false, print_output, "Bob");
    if (err != GASP_OK)
        fprintf(stderr, "%s\n", gasp_err_text(err));
    for (int i = 0; i < 2; i++) {
        gasp_session_free(session[i]);
        gasp_wallet_free(wallet[i]);
        gasp_kv_close(kv[i]);
    }
    return err == GASP_OK ? 0 : 1;
}
