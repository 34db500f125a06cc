/** A running process around a wallet: sockets, clock, entropy, worker threads, and a session for every connection.
 *
 *      gasp_node_config_init(&config);
 *      gasp_node_new(&node, &config);
 *      wallet_config.verifier = gasp_node_verifier(node);
 *      gasp_wallet_open(&wallet, &wallet_config);
 *      gasp_node_attach(node, wallet);
 *      gasp_node_sync(node, "tcp://localhost:7625", ...) or gasp_node_listen(node, "unix:/run/gasp", ...)
 *      gasp_node_run(node);
 *      gasp_node_free(node);
 *      gasp_wallet_free(wallet);
 *
 *  A node belongs to the thread that made it; only gasp_node_stop may be called from others and from signal handlers. Its
 *  verifier serves its sessions, and may also be used from any thread, where it then waits for the verdicts.
 *
 *  Addresses: tcp://HOST:PORT, unix:PATH, exec:COMMAND (only to connect: all that follows is given to a shell, and the
 *  command's standard input and output carry the session, as rsync runs over ssh).
 *
 *  Who may speak: this version knows no encrypted transport, so TCP is for loopback only, and serving it to whoever
 *  connects needs allow_anonymous. Unix sockets are made with mode 0600; the peer of stdio and of exec: is the user. All of
 *  these may read and write every collection. A session knows its peer as "anonymous" over TCP, as "local" otherwise.
 *
 *  A connection that fails ends alone; the node serves on. When a session is done its last words have two seconds to go out
 *  and the other side to end too, then the connection is closed.
 */
#ifndef GASP_NODE_H
#define GASP_NODE_H

#include "gasp/session.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gasp_node gasp_node;

/** What a connection tells its host. */
typedef enum gasp_report_kind {
    GASP_REPORT_CONNECTED = 1, /**< text: who ("tcp 127.0.0.1:5123", "unix /path", "exec pid 123", "stdio") */
    GASP_REPORT_EVENT = 2,     /**< event: of the session */
    GASP_REPORT_ENDED = 3 /**< err, text, stats, fault: the connection is over. The last report of its number, and the
                                    only one when it never came to be */
} gasp_report_kind;

/** Pointers in it are valid during the call; those that its kind does not name are NULL. */
typedef struct gasp_report {
    gasp_report_kind kind;
    uint64_t connection; /**< a number for each connection of this node, from 1, in the order in which they began */
    const char *text;    /**< one line for people, never NULL: who it is, or what ended it */
    const gasp_event *event;
    gasp_err err;                    /**< GASP_OK when the session was done and ended well. The session's error; or
                               GASP_ERR_NET_ADDRESS, _REFUSED, _CONNECT  no connection could be made;
                               GASP_ERR_NET_IO       it broke, or the command of exec: failed;
                               GASP_ERR_NET_STOPPED  by gasp_node_stop or a signal;
                               GASP_ERR_NET_TIMEOUT  it took longer than timeout_ms: what it committed stays;
                               GASP_ERR_LIMIT        a peer that was turned away: max_connections; text is who */
    const gasp_session_stats *stats; /**< all zero when there was no session */
    const gasp_session_fault *fault;
} gasp_report;

/** What a node is made from. gasp_node_config_init sets the defaults, which are given here. */
typedef struct gasp_node_config {
    size_t size;              /**< sizeof(gasp_node_config) */
    const gasp_mem *mem;      /**< NULL: the C library's heap. Its functions are called by several threads */
    unsigned workers;         /**< threads that check scripts, at most 256. 0: one for each core, at most 16 */
    bool allow_anonymous;     /**< serve TCP to whoever connects from this machine. false */
    unsigned max_connections; /**< that came to a listener, at one time; more are closed at once. 64 */
    uint32_t connect_ms;      /**< how long a connection may take to be made: 10,000 */
    /** Called from gasp_node_run, in its thread; may be NULL. It may call everything here but gasp_node_run and
     *  gasp_node_free, and the wallet. */
    void (*report)(void *ctx, const gasp_report *report);
    void *report_ctx; /**< given back to report */
} gasp_node_config;

GASP_API void gasp_node_config_init(gasp_node_config *config);

/** Makes a node with its threads, which wait. SIGPIPE is ignored in this process from then on, unless the host has set a
 *  handler of its own. *out belongs to the caller (gasp_node_free).
 *
 *  Errors:  GASP_ERR_MISUSE  the size of config, or more than 256 workers
 *           GASP_ERR_NET_IO  the operating system gave no event loop or threads
 *           GASP_ERR_NOMEM */
GASP_API gasp_err gasp_node_new(gasp_node **out, const gasp_node_config *config) GASP_MUST_CHECK;

/** Ends all connections and threads, without reports, and frees the node. Commands of exec: that still run get about three
 *  seconds to end. NULL is accepted. Before the wallet is freed; no other thread may be in gasp_node_stop or the verifier. */
GASP_API void gasp_node_free(gasp_node *node);

/** The node's workers as a verifier for the wallet. Valid until gasp_node_free.
 *
 *  Called by a session of this node it answers GASP_PENDING, and the session goes on when the batch is done; batches of
 *  fewer than four entries are checked at once. Called from elsewhere it answers when all is done. */
GASP_API const gasp_verifier *gasp_node_verifier(gasp_node *node);

/** The wallet that all sessions of this node use. Once, before anything below. */
GASP_API void gasp_node_attach(gasp_node *node, gasp_wallet *wallet);

enum { GASP_ADDRESS_MAX = 512 /**< characters of an address and its NUL */ };

/** Serves connections at an address, until gasp_node_stop. May be called for several.
 *
 *  Gives:   bound: the address as it is now (port 0 becomes the port that was given).
 *  Errors:  GASP_ERR_NET_ADDRESS  cannot be read or resolved, or is exec:
 *           GASP_ERR_NET_REFUSED  TCP beyond loopback, or TCP without allow_anonymous
 *           GASP_ERR_NET_LISTEN   the operating system says no (gasp_node_why)
 *           GASP_ERR_NET_STOPPED  called by a report while the node is being stopped
 *           GASP_ERR_MISUSE       no wallet is attached;  GASP_ERR_NOMEM
 *  Bounds:  a name is resolved here, which may take as long as the resolver does. */
GASP_API gasp_err gasp_node_listen(gasp_node *node, char bound[GASP_ADDRESS_MAX], const char *address) GASP_MUST_CHECK;

/** Serves one session over standard input and output; gasp_node_run ends with it. Descriptors 0 and 1 are /dev/null from
 *  then on, so that nothing else in the process can write into the session; standard error is untouched.
 *
 *  Errors:  GASP_ERR_NET_CONNECT  they are no pipes or sockets: a terminal, a file (gasp_node_why)
 *           GASP_ERR_NET_STOPPED, GASP_ERR_MISUSE  as for gasp_node_listen;  GASP_ERR_NOMEM */
GASP_API gasp_err gasp_node_serve_stdio(gasp_node *node) GASP_MUST_CHECK;

/** How one sync is done. gasp_sync_config_init sets the defaults, which are given here. */
typedef struct gasp_sync_config {
    size_t size;                /**< sizeof(gasp_sync_config) */
    gasp_collection collection; /**< what is synced: the default one */
    gasp_match match;           /**< how items are compared: GASP_MATCH_STATE */
    unsigned rights;            /**< what the peer may do with our collection, a sum of GASP_RIGHT_*: both. Only
                                 *   GASP_RIGHT_WRITE: we take and give nothing (pull); only GASP_RIGHT_READ: we give and
                                 *   take nothing (push). A direction that is not allowed ends partial on its receiving side */
    uint32_t timeout_ms; /**< from gasp_node_run on until the session is done, connecting included; 0: no limit */
    bool stay; /**< after the first round the connection stays, and each side that gets something new, from its host or
                *   from other peers, brings about another round. false: it ends */
    gasp_trace_sink trace; /**< NULL: no trace. Called from gasp_node_run, until the connection's end is reported */
    void *trace_ctx;       /**< given back to trace */
} gasp_sync_config;

GASP_API void gasp_sync_config_init(gasp_sync_config *config);

/** Connects to an address and syncs once; gasp_node_run ends when all syncs have ended and nothing is served. It begins in
 *  gasp_node_run. What goes wrong from then on is reported, with GASP_REPORT_ENDED: that a name has no address or leads
 *  beyond this machine, that no connection can be made, and the session's errors.
 *
 *  Errors:  GASP_ERR_NET_ADDRESS  cannot be read
 *           GASP_ERR_NET_REFUSED  TCP to an address beyond loopback
 *           GASP_ERR_NET_STOPPED  called by a report while the node is being stopped
 *           GASP_ERR_MISUSE       no wallet is attached, the size of config, or rights that are none;  GASP_ERR_NOMEM */
GASP_API gasp_err gasp_node_sync(gasp_node *node, const char *address, const gasp_sync_config *config) GASP_MUST_CHECK;

/** Runs until there is nothing left to do, or until gasp_node_stop. SIGINT and SIGTERM stop it too (and are back to what
 *  they were afterwards). Each connection's end was reported before. It may be run again.
 *  Errors: GASP_ERR_MISUSE  called by a report;  GASP_ERR_NET_IO  the operating system refused the signals;  GASP_ERR_NOMEM */
GASP_API gasp_err gasp_node_run(gasp_node *node) GASP_MUST_CHECK;

/** Ends gasp_node_run soon: nothing more is served, sessions that are not done end where they are (what they committed
 *  stays), those that are done get their last words out. A second stop does not wait for these. From any thread and from
 *  signal handlers. One that comes while nothing runs counts for the next run. */
GASP_API void gasp_node_stop(gasp_node *node);

/** The host changed the wallet: connections that stay, on both sides, have another round. What comes from a peer is passed
 *  on to the others without this call. From any thread. */
GASP_API void gasp_node_changed(gasp_node *node);

/** What was wrong with the last call of gasp_node_listen, _serve_stdio or _sync, one line with what the operating system
 *  said; "" when there is nothing to say. Valid until the next of these calls. */
GASP_API const char *gasp_node_why(const gasp_node *node);

/** The clocks of the operating system, for hosts that have no own. From any thread. */
GASP_API gasp_time gasp_node_now(void);

/** The version of libuv that this product runs on, as "MAJOR.MINOR.PATCH"; static storage. */
GASP_API const char *gasp_node_uv_version(void);

/** len bytes from the random source of the operating system. From any thread.
 *  Errors: GASP_ERR_NET_IO  there is none */
GASP_API gasp_err gasp_node_entropy(uint8_t *out, size_t len) GASP_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
