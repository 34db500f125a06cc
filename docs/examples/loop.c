/* The two doors of a session in an event loop: two processes sync over a socket with nothing but poll(). The child serves,
 * the parent begins; both hold an empty wallet here, see embed.c for what is in one. POSIX. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gasp/session.h"

static gasp_time clock_now(void)
{
    struct timespec mono;
    struct timespec wall;
    (void)clock_gettime(CLOCK_MONOTONIC, &mono);
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    return (gasp_time){(uint64_t)mono.tv_sec * 1000 + (uint64_t)mono.tv_nsec / 1000000,
                       (uint64_t)wall.tv_sec * 1000 + (uint64_t)wall.tv_nsec / 1000000};
}

/* What was said and is not written yet. It is a copy: the session's own view ends with the next call of it, and both sides
 * must go on reading while they write, or each would wait for the other. */
typedef struct outgoing {
    uint8_t *bytes;
    size_t at;
    size_t len;
} outgoing;

/* Asks for more only when all is written: much of what could be said is made when there is room for it. */
static gasp_err fill(gasp_session *session, outgoing *out)
{
    const uint8_t *bytes;
    size_t len;
    gasp_err err = gasp_session_send(session, &bytes, &len, clock_now());
    uint8_t *copy = err == GASP_OK && len > 0 ? realloc(out->bytes, len) : NULL;
    if (err != GASP_OK || len == 0)
        return err;
    if (copy == NULL)
        return GASP_ERR_NOMEM;
    memcpy(copy, bytes, len);
    *out = (outgoing){copy, 0, len};
    return GASP_OK;
}

static int until_deadline(const gasp_session *session)
{
    uint64_t at = gasp_session_deadline(session);
    uint64_t now = clock_now().mono_ms;
    if (at == UINT64_MAX)
        return -1;
    return at > now ? (int)(at - now < 60000 ? at - now : 60000) : 0;
}

/* Gives the session what came; nothing, when only the time did. */
static gasp_err take_in(gasp_session *session, int fd, bool readable)
{
    uint8_t in[65536];
    ssize_t n = readable ? read(fd, in, sizeof in) : 0;
    if (readable && n == 0)
        return gasp_session_closed(session, clock_now());
    return n >= 0 ? gasp_session_recv(session, in, (size_t)n, clock_now()) : GASP_OK;
}

static void take_events(gasp_session *session)
{
    gasp_event event;
    while (gasp_session_event(session, &event) == GASP_OK)
        if (event.kind == GASP_EVENT_CLOSED)
            printf("closed: %s\n", event.closed.equal ? "both are equal" : "there is more to do");
}

static gasp_err run(gasp_session *session, int fd)
{
    outgoing out = {NULL, 0, 0};
    gasp_err err = GASP_OK;
    for (;;) {
        if (out.at == out.len) {
            gasp_err said = fill(session, &out); /* after an error, too: it may have last words */
            err = err == GASP_OK ? said : err;
        }
        take_events(session);
        bool pending = out.at < out.len;
        if (!pending && (err != GASP_OK || gasp_session_done(session)))
            break;
        struct pollfd on = {fd, (short)(POLLIN | (pending ? POLLOUT : 0)), 0};
        int ready = poll(&on, 1, until_deadline(session));
        if ((on.revents & POLLOUT) != 0) {
            ssize_t n = send(fd, out.bytes + out.at, out.len - out.at, MSG_NOSIGNAL);
            if (n < 0)
                break; /* the peer has gone */
            out.at += (size_t)n;
        }
        if (!gasp_session_done(session) && (ready == 0 || (on.revents & (POLLIN | POLLHUP)) != 0))
            err = take_in(session, fd, ready > 0);
    }
    free(out.bytes);
    return err;
}

static gasp_err sync_over(int fd, bool initiator)
{
    gasp_kv *kv = NULL;
    gasp_wallet *wallet = NULL;
    gasp_session *session = NULL;
    gasp_wallet_config config;
    gasp_session_config of_session;
    gasp_wallet_config_init(&config);
    gasp_session_config_init(&of_session);
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    gasp_err err = gasp_kv_memory_new(&kv, NULL);
    config.kv = kv;
    if (err == GASP_OK)
        err = gasp_wallet_create(&config, GASP_NETWORK_MAIN, clock_now());
    if (err == GASP_OK)
        err = gasp_wallet_open(&wallet, &config);
    of_session.wallet = wallet;
    of_session.initiator = initiator;
    if (err == GASP_OK)
        err = gasp_session_new(&session, &of_session);
    if (err == GASP_OK)
        err = run(session, fd);
    gasp_session_free(session);
    gasp_wallet_free(wallet);
    gasp_kv_close(kv);
    return err;
}

int main(void)
{
    int pair[2];
    int status = 1;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return 1;
    pid_t child = fork();
    (void)close(pair[child == 0 ? 0 : 1]);
    if (child == 0)
        _exit(sync_over(pair[1], false) == GASP_OK ? 0 : 1);
    gasp_err err = sync_over(pair[0], true);
    (void)close(pair[0]);
    (void)waitpid(child, &status, 0);
    if (err != GASP_OK)
        fprintf(stderr, "%s\n", gasp_err_text(err));
    return err == GASP_OK && status == 0 ? 0 : 1;
}
