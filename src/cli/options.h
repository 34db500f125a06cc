/** The tables that the command is made from: its commands and their options. Parsing, help, the manual page and shell
 *  completion are all read from here, so that they cannot differ. */
#ifndef GASP_CLI_OPTIONS_H
#define GASP_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct gasp_cli;

/** Options, and their places in gasp_cli.value. */
typedef enum gasp_opt {
    GASP_OPT_HELP = 0,
    GASP_OPT_JSON,
    GASP_OPT_QUIET,
    GASP_OPT_NO_COLOR,
    GASP_OPT_VERSION,
    GASP_OPT_NETWORK,
    GASP_OPT_HEIGHT,
    GASP_OPT_PIN,
    GASP_OPT_OUTPUTS,
    GASP_OPT_FORMAT,
    GASP_OPT_OUTPUT,
    GASP_OPT_BINARY,
    GASP_OPT_SPENT,
    GASP_OPT_DOT,
    GASP_OPT_LISTEN,
    GASP_OPT_STDIO,
    GASP_OPT_ANONYMOUS,
    GASP_OPT_RECORD,
    GASP_OPT_KIND,
    GASP_OPT_ALL,
    GASP_OPT_UNPROVEN,
    GASP_OPT_CONFLICTS,
    GASP_OPT_REFUSED,
    GASP_OPT_LABEL,
    GASP_OPT_LIMIT,
    GASP_OPT_AFTER,
    GASP_OPT_FOLLOW,
    GASP_OPT_LOG,
    GASP_OPT_DRY_RUN,
    GASP_OPT_PULL,
    GASP_OPT_PUSH,
    GASP_OPT_TIMEOUT,
    GASP_OPT_FORCE,
    GASP_OPT_COUNT
} gasp_opt;

/** One option of one or several commands. Two rows may have one name when their commands differ. */
typedef struct gasp_option {
    gasp_opt id;
    char letter;          /**< its short form, 0 for none */
    const char *name;     /**< without the two hyphens */
    const char *value;    /**< what follows it, as help shows it; NULL for a switch */
    const char *choices;  /**< the values that it may have, with a space between; NULL for any */
    const char *commands; /**< names of commands with a comma between; "*" for all, "" for `gasp` alone */
    const char *help;     /**< one sentence without a full stop */
} gasp_option;

/** One command. */
typedef struct gasp_command {
    const char *name;     /**< one word or two */
    const char *operands; /**< words: DIR, [OPTIONAL], MANY...; how many may stand there is read from this */
    const char *summary;  /**< one line */
    const char *text;     /**< paragraphs for help and manual */
    int (*run)(struct gasp_cli *cli);
} gasp_command;

extern const gasp_option gasp_options[];
extern const size_t gasp_n_options;
extern const gasp_command gasp_commands[];
extern const size_t gasp_n_commands;

/** Whether an option belongs to a command; command NULL: to `gasp` alone. */
bool gasp_option_applies(const gasp_option *option, const gasp_command *command);

/** The command of that name; NULL when there is none. */
const gasp_command *gasp_command_find(const char *name);

/** How many operands a command takes: at least *least, at most *most (SIZE_MAX: any number). */
void gasp_command_operands(const gasp_command *command, size_t *least, size_t *most);

/** Whether a word is the first of a command of two words ("headers"). */
bool gasp_command_is_group(const char *word);

#endif
