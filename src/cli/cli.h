/** What the files of the command share: the parsed command line, what is said and where, files, the wallet's directory.
 *
 *  Results go to standard output: lines for people, or with --json one object at the end. Everything else (errors,
 *  progress, what a server does) goes to standard error. A command answers its exit code. */
#ifndef GASP_CLI_CLI_H
#define GASP_CLI_CLI_H

#include <jansson.h>
#include <stdio.h>

#include "cli/options.h"
#include "cli/watch.h"
#include "gasp/kv.h"
#include "gasp/types.h"
#include "gasp/wallet.h"

/** Exit codes: what docs/commands.md says. */
enum {
    GASP_EXIT_DONE = 0,
    GASP_EXIT_PARTIAL = 1, /**< something is missing, or what was asked for is not there */
    GASP_EXIT_USAGE = 2,
    GASP_EXIT_PEER = 3,    /**< peer or transport */
    GASP_EXIT_STORE = 4,   /**< the store, or this machine */
    GASP_EXIT_FILE = 5,    /**< a file that cannot be read, or is malformed */
    GASP_EXIT_INVALID = 6, /**< well formed but invalid */
    GASP_EXIT_TIMEOUT = 7  /**< not done within --timeout */
};

/** A run of the command. */
typedef struct gasp_cli {
    const gasp_command *command;
    const char *value[GASP_OPT_COUNT]; /**< NULL: not given; "" for a switch that is */
    const char **operand;
    size_t n_operands;
    json_t *answer;       /**< the object of --json; filled also without, where it costs nothing */
    bool json;            /**< one object on standard output, nothing else there */
    bool quiet;           /**< results and errors only */
    bool color;           /**< escapes on standard output */
    bool error_color;     /**< escapes on standard error */
    bool utf8;            /**< the terminal's locale writes UTF-8 */
    bool progress;        /**< standard error is a terminal that wants it */
    bool progressing;     /**< a line of progress stands there */
    uint64_t progress_ms; /**< when it was written */
    uint64_t begin_ms;    /**< when the command began, by the clock that only counts forward */
} gasp_cli;

/* -- parse.c ----------------------------------------------------------------------------------------------------- */

/** Reads the command line. GASP_EXIT_DONE when cli->command is to be run; otherwise what was wrong has been said. */
int gasp_cli_parse(gasp_cli *cli, int argc, char **argv);

/** Whether an option was given. */
bool gasp_cli_has(const gasp_cli *cli, gasp_opt option);

/** A decimal number of an argument, at most `most`. false: it is none. */
bool gasp_cli_number(uint64_t *out, const char *text, uint64_t most);

/** --limit as a number, at least 1; UINT64_MAX when it is not given. GASP_EXIT_DONE, or a usage error that was said. */
int gasp_cli_limit(gasp_cli *cli, uint64_t *out);

/** --height as a number; GASP_EXIT_DONE, or a usage error that was said (also when it is needed and not given). */
int gasp_cli_height(gasp_cli *cli, uint32_t *out, bool needed);

/** --pin HEIGHT:HASH:CHAINWORK. */
int gasp_cli_pin(gasp_cli *cli, gasp_pin *out);

/* -- help.c, pages.c, completion.c --------------------------------------------------------------------------------------------- */

/** Help for one command, or for all with NULL; also the answer of --json. */
void gasp_cli_help(gasp_cli *cli, const gasp_command *command);

/** `gasp COMMAND OPERANDS [OPTIONS]` */
void gasp_cli_usage_line(char *out, size_t cap, const gasp_command *command);

/** Gives a text that write writes: as it is, or as the member `text` of --json. */
int gasp_cli_page(gasp_cli *cli, void (*write)(FILE *out));

int gasp_cmd_help(gasp_cli *cli);
int gasp_cmd_man(gasp_cli *cli);
int gasp_cmd_completion(gasp_cli *cli);
int gasp_cmd_version(gasp_cli *cli);

/* -- say.c ------------------------------------------------------------------------------------------------------- */

/** Looks at the terminal and the environment; before anything is said. */
void gasp_cli_terminal(gasp_cli *cli, bool json, bool quiet, bool no_color);

/** Writes to standard output, unless --json. */
void gasp_cli_out(gasp_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Writes a line about what happens to standard error, unless --quiet. */
void gasp_cli_note(gasp_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Replaces the line of progress, ten times a second at most. */
void gasp_cli_progress(gasp_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
void gasp_cli_progress_end(gasp_cli *cli);

/** Says an error: `place: reason`, or with --json the member `error`, of which the first stays. The exit code.
 *  place: "" for none. detail: more about the reason, NULL or "" for none. */
int gasp_cli_error(gasp_cli *cli, gasp_err err, const char *place, const char *detail);

/** For what the results tell already: only the member `error`. */
void gasp_cli_put_error(gasp_cli *cli, const char *code, const char *cls, const char *place, const char *message);

/** A command line that does not hold; says how help is had. */
int gasp_cli_usage(gasp_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The one map from errors to exit codes. */
int gasp_cli_exit_of(gasp_err err);

/** Writes the answer of --json and what is left of standard output; the exit code of the process. */
int gasp_cli_finish(gasp_cli *cli, int code);

/** An escape for standard output, "" where none is wanted. */
typedef enum gasp_style { GASP_PLAIN, GASP_BOLD, GASP_DIM, GASP_RED, GASP_GREEN, GASP_YELLOW, GASP_CYAN } gasp_style;
const char *gasp_cli_style(const gasp_cli *cli, gasp_style style);

/** Sets a member of cli->answer or of another object; takes value. */
void gasp_json_put(json_t *object, const char *key, json_t *value);

/* -- text.c ------------------------------------------------------------------------------------------------------ */

enum { GASP_AMOUNT_TEXT_MAX = 40, GASP_TIME_TEXT_MAX = 40 };

/** 1234567 as 1,234,567. */
void gasp_text_number(char out[GASP_AMOUNT_TEXT_MAX], uint64_t number);

/** Satoshis as coins: 0.01234567 BSV. */
void gasp_text_bsv(char out[GASP_AMOUNT_TEXT_MAX], uint64_t sat);

/** UTC, as 2025-06-06 12:34:56. */
void gasp_text_time(char out[GASP_TIME_TEXT_MAX], uint64_t seconds);

/** A copy (free) in which nothing can reach the terminal but printable characters: others stand as \xNN; text that is no
 *  UTF-8 stands as hex. At most `most` bytes of the input, then "...". */
char *gasp_text_safe(gasp_bytes bytes, size_t most);

/** Hex of bytes (free), of hashes in display order. */
char *gasp_text_hex(gasp_bytes bytes);
char *gasp_text_hash(const uint8_t hash[32]);

json_t *gasp_json_hex(gasp_bytes bytes);
json_t *gasp_json_hash(const uint8_t hash[32]);
json_t *gasp_json_outpoint(const gasp_outpoint *outpoint);
json_t *gasp_json_anchor(const gasp_anchor *anchor); /**< null for NULL */
json_t *gasp_json_entries(const gasp_entry *entries, size_t n);
json_t *gasp_json_summary(const gasp_set_summary *summary);

/** What kind a locking script is, in a few words ("P2PKH 1234..."); bytes in out. */
void gasp_text_script(char out[GASP_AMOUNT_TEXT_MAX * 3], gasp_bytes script);

/* -- input.c ----------------------------------------------------------------------------------------------------- */

/** How an input was given. */
typedef struct gasp_input {
    const char *name; /**< for places: the path, or "standard input" */
    gasp_bytes bytes; /**< binary, after hex was taken off */
    bool hex;         /**< it was hex */
    uint8_t *memory;
} gasp_input;

/** Reads a file, or standard input for "-"; hex text (white space anywhere) becomes bytes. What is wrong was said. */
int gasp_cli_read(gasp_cli *cli, gasp_input *out, const char *path);

/** The same without looking for hex. */
int gasp_cli_read_raw(gasp_cli *cli, gasp_input *out, const char *path);
void gasp_input_clear(gasp_input *input);

/** Turns hex text into bytes; false when it is none. */
bool gasp_input_unhex(gasp_input *input);

/** What `item` of a fault counts. */
typedef enum gasp_counted {
    GASP_COUNTED_NOTHING,
    GASP_COUNTED_TX,
    GASP_COUNTED_BEEF, /**< a transaction or a BUMP, as the error says */
    GASP_COUNTED_LEVEL,
    GASP_COUNTED_HEADER,
    GASP_COUNTED_ROW
} gasp_counted;

enum { GASP_PLACE_MAX = 512 };

/** `file.beef: byte 1234, transaction 3` */
void gasp_input_place(char out[GASP_PLACE_MAX], const gasp_input *input, const gasp_fault *fault, gasp_counted counted);

/* -- wallet.c ---------------------------------------------------------------------------------------------------- */

/** An open wallet and its store. */
typedef struct gasp_opened {
    const char *dir;
    gasp_kv *kv;
    gasp_kv *overlay; /**< over kv; NULL: the wallet writes into kv itself */
    gasp_watch watch; /**< in front of kv, where it was asked for */
    gasp_wallet *wallet;
    bool made_dir;   /**< the directory was not there before */
    bool made_store; /**< nor the store */
} gasp_opened;

/** Opens the wallet of the directory that is the first operand. What is wrong was said. */
int gasp_cli_open(gasp_cli *cli, gasp_opened *out, const gasp_verifier *verifier);
void gasp_cli_close(gasp_opened *opened);

/** The same, and calls tick now and then while the store is read. */
int gasp_cli_open_watched(gasp_cli *cli, gasp_opened *out, void (*tick)(void *ctx), void *ctx);

/** The same over a store that keeps what is written in memory: nothing in the directory changes. */
int gasp_cli_open_overlay(gasp_cli *cli, gasp_opened *out, const gasp_verifier *verifier);

/** Waits as long as another process holds the store, and says so after a while. */
int gasp_cli_open_waiting(gasp_cli *cli, gasp_opened *out);

/** Differs from what it was when somebody has opened the store since, unless this process holds it; 0: there is none. */
uint64_t gasp_cli_store_stamp(const char *dir);

/** Makes the directory and its store when they are not there, and fills in a configuration. */
int gasp_cli_make_store(gasp_cli *cli, gasp_opened *out, const char *dir, gasp_wallet_config *config);

/** Closes, and deletes what gasp_cli_make_store made. */
void gasp_cli_unmake_store(gasp_opened *opened);

/** Deletes a store in `dir` that holds no wallet; GASP_EXIT_DONE also when there is none. What is wrong was said. */
int gasp_cli_clear_store(gasp_cli *cli, const char *dir);

/** Says an error of a call to the wallet, with what the store said of it. */
int gasp_cli_wallet_error(gasp_cli *cli, const gasp_opened *opened, gasp_err err, const char *place);

/** A txid, or the txid and vout of an outpoint, from an operand. */
typedef struct gasp_what {
    gasp_outpoint outpoint;
    bool is_outpoint;
} gasp_what;
int gasp_cli_what(gasp_cli *cli, gasp_what *out, const char *text);

/** Visits our outputs of one transaction, spent ones too. */
gasp_err gasp_cli_outputs_of(gasp_wallet *wallet, const gasp_txid *txid, gasp_output_visit visit, void *ctx);

/* -- commands ---------------------------------------------------------------------------------------------------- */

int gasp_cmd_init(gasp_cli *cli);
int gasp_cmd_headers_import(gasp_cli *cli);
int gasp_cmd_headers_trust(gasp_cli *cli);
int gasp_cmd_headers_tip(gasp_cli *cli);
int gasp_cmd_import(gasp_cli *cli);
int gasp_cmd_export(gasp_cli *cli);
int gasp_cmd_list(gasp_cli *cli);
int gasp_cmd_show(gasp_cli *cli);
int gasp_cmd_decode(gasp_cli *cli);
int gasp_cmd_label(gasp_cli *cli);
int gasp_cmd_graph(gasp_cli *cli);
int gasp_cmd_serve(gasp_cli *cli);
int gasp_cmd_sync(gasp_cli *cli);
int gasp_cmd_replay(gasp_cli *cli);
int gasp_cmd_fsck(gasp_cli *cli);
int gasp_cmd_limits(gasp_cli *cli);
int gasp_cmd_log(gasp_cli *cli);
int gasp_cmd_prove(gasp_cli *cli);
int gasp_cmd_spend(gasp_cli *cli);
int gasp_cmd_forget(gasp_cli *cli);
int gasp_cmd_broadcast(gasp_cli *cli);
int gasp_cmd_backup(gasp_cli *cli);
int gasp_cmd_restore(gasp_cli *cli);

#endif
