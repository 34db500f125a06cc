/* The command line. Options may stand anywhere, `--` ends them, a value follows its option or stands behind `=`. What
 * does not hold is a usage error that names the nearest word that would. Whether --json was asked for is known before
 * anything else, so that also a broken command line is answered with an object. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { NAME_MAX_LEN = 32 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits that turn a into b: a letter more, less, other, or two exchanged. Large for words that are none of ours. */
static size_t distance(const char *a, const char *b)
{
    size_t row[3][NAME_MAX_LEN + 1]; /* of the table: two before, the one before, this */
    size_t n = strlen(a);
    size_t m = strlen(b);
    if (n > NAME_MAX_LEN || m > NAME_MAX_LEN)
        return SIZE_MAX;
    for (size_t j = 0; j <= m; j++)
        row[1][j] = row[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        row[2][0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = row[1][j - 1] + (a[i - 1] != b[j - 1]);
            best = least(best, least(row[1][j], row[2][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = least(best, row[0][j - 2] + 1);
            row[2][j] = best;
        }
        memcpy(row[0], row[1], sizeof row[0]);
        memcpy(row[1], row[2], sizeof row[1]);
    }
    return row[1][m];
}

/* The nearer of two candidates for a word; NULL when neither is near enough to be meant. */
static const char *nearer(const char *word, const char *best, const char *candidate)
{
    size_t most = strlen(word) / 3 + 1;
    size_t its = distance(word, candidate);
    if (its > most)
        return best;
    return best == NULL || its < distance(word, best) ? candidate : best;
}

static int unknown_option(gasp_cli *cli, const char *name)
{
    const char *near = NULL;
    for (size_t i = 0; i < gasp_n_options; i++)
        if (gasp_option_applies(&gasp_options[i], cli->command))
            near = nearer(name, near, gasp_options[i].name);
    if (near != NULL)
        return gasp_cli_usage(cli, "unknown option --%s; did you mean --%s?", name, near);
    return gasp_cli_usage(cli, "unknown option --%s", name);
}

static int unknown_command(gasp_cli *cli, const char *name)
{
    const char *near = NULL;
    for (size_t i = 0; i < gasp_n_commands; i++)
        near = nearer(name, near, gasp_commands[i].name);
    if (near != NULL)
        return gasp_cli_usage(cli, "unknown command `%s`; did you mean `%s`?", name, near);
    return gasp_cli_usage(cli, "unknown command `%s`", name);
}

static bool is_choice(const char *choices, const char *value)
{
    size_t len = strlen(value);
    for (const char *at = choices; *at != '\0';) {
        size_t next = strcspn(at, " ");
        if (next == len && strncmp(at, value, len) == 0)
            return true;
        at += next + (at[next] == ' ');
    }
    return false;
}

static int take_value(gasp_cli *cli, const gasp_option *option, const char *value)
{
    if (cli->value[option->id] != NULL && option->value != NULL)
        return gasp_cli_usage(cli, "--%s is given twice", option->name);
    if (option->choices != NULL && !is_choice(option->choices, value))
        return gasp_cli_usage(cli, "--%s %s: it is one of: %s", option->name, value, option->choices);
    cli->value[option->id] = value;
    return GASP_EXIT_DONE;
}

/* An option of the command line: its row by name or by letter. */
static const gasp_option *option_of(const gasp_cli *cli, const char *name, size_t len, char letter)
{
    for (size_t i = 0; i < gasp_n_options; i++) {
        const gasp_option *option = &gasp_options[i];
        bool same = letter != 0 ? option->letter == letter
                                : strlen(option->name) == len && strncmp(option->name, name, len) == 0;
        if (same && gasp_option_applies(option, cli->command))
            return option;
    }
    return NULL;
}

/* Takes argv[*i], an option, and its value. */
static int take_option(gasp_cli *cli, int argc, char **argv, int *i)
{
    const char *word = argv[*i];
    bool is_long = word[1] == '-';
    const char *name = is_long ? word + 2 : word + 1;
    size_t len = is_long ? strcspn(name, "=") : 1;
    const char *attached = name[len] == '\0' ? NULL : is_long ? name + len + 1 : name + len;
    char letter = 0;
    if (!is_long)
        letter = name[0];
    const gasp_option *option = option_of(cli, name, len, letter);
    if (option == NULL && is_long) {
        char copy[NAME_MAX_LEN + 1] = "";
        strncat(copy, name, len < NAME_MAX_LEN ? len : NAME_MAX_LEN);
        return unknown_option(cli, copy);
    }
    if (option == NULL)
        return gasp_cli_usage(cli, "unknown option %s", word);
    if (option->value == NULL)
        return attached != NULL ? gasp_cli_usage(cli, "--%s takes no value", option->name)
                                : take_value(cli, option, "");
    if (attached == NULL && *i + 1 >= argc)
        return gasp_cli_usage(cli, "--%s needs a value: %s", option->name, option->value);
    return take_value(cli, option, attached != NULL ? attached : argv[++*i]);
}

/* Whether argv[i] is an option that stands alone: for the scan that looks for the command before the rest is known. */
static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* Finds the command: the first word that is no option, with the next one when it takes two. Marks both as used. */
static int find_command(gasp_cli *cli, int argc, char **argv, bool *used)
{
    int first = 1;
    while (first < argc && is_option(argv[first]) && strcmp(argv[first], "--") != 0)
        first++;
    if (first < argc && strcmp(argv[first], "--") == 0)
        first++;
    if (first >= argc)
        return GASP_EXIT_DONE;
    char name[2 * NAME_MAX_LEN + 2];
    const char *second = NULL;
    int next = first + 1;
    if (gasp_command_is_group(argv[first])) {
        while (next < argc && is_option(argv[next]))
            next++;
        second = next < argc ? argv[next] : NULL;
        if (second == NULL)
            return gasp_cli_usage(cli, "`%s` needs another word; see `gasp help`", argv[first]);
    }
    snprintf(name, sizeof name, "%.32s%s%.32s", argv[first], second != NULL ? " " : "", second != NULL ? second : "");
    cli->command = gasp_command_find(name);
    if (cli->command == NULL)
        return unknown_command(cli, name);
    used[first] = true;
    if (second != NULL)
        used[next] = true;
    return GASP_EXIT_DONE;
}

static int check_operands(gasp_cli *cli)
{
    size_t least;
    size_t most;
    char line[256];
    if (cli->command == NULL || gasp_cli_has(cli, GASP_OPT_HELP))
        return GASP_EXIT_DONE;
    gasp_command_operands(cli->command, &least, &most);
    if (cli->n_operands >= least && cli->n_operands <= most)
        return GASP_EXIT_DONE;
    gasp_cli_usage_line(line, sizeof line, cli->command);
    if (cli->n_operands > most)
        return gasp_cli_usage(cli, "`%.80s` is too much; usage: %s", cli->operand[most], line);
    return gasp_cli_usage(cli, "something is missing; usage: %s", line);
}

static int parse(gasp_cli *cli, int argc, char **argv, bool *used)
{
    int code = find_command(cli, argc, argv, used);
    bool ended = false;
    for (int i = 1; i < argc && code == GASP_EXIT_DONE; i++) {
        if (used[i])
            continue;
        if (!ended && strcmp(argv[i], "--") == 0)
            ended = true;
        else if (!ended && is_option(argv[i]))
            code = take_option(cli, argc, argv, &i);
        else
            cli->operand[cli->n_operands++] = argv[i];
    }
    return code == GASP_EXIT_DONE ? check_operands(cli) : code;
}

static bool given(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return false;
}

int gasp_cli_parse(gasp_cli *cli, int argc, char **argv)
{
    gasp_cli_terminal(cli, given(argc, argv, "--json"), given(argc, argv, "--quiet") || given(argc, argv, "-q"),
                      given(argc, argv, "--no-color"));
    bool *used = calloc((size_t)argc + 1, sizeof *used);
    cli->operand = calloc((size_t)argc + 1, sizeof *cli->operand);
    int code = used == NULL || cli->operand == NULL ? gasp_cli_error(cli, GASP_ERR_NOMEM, "", NULL)
                                                    : parse(cli, argc, argv, used);
    free(used);
    return code;
}

bool gasp_cli_has(const gasp_cli *cli, gasp_opt option)
{
    return cli->value[option] != NULL;
}

bool gasp_cli_number(uint64_t *out, const char *text, uint64_t most)
{
    uint64_t number = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (number > (most - digit) / 10)
            return false;
        number = 10 * number + digit;
    }
    *out = number;
    return true;
}

int gasp_cli_limit(gasp_cli *cli, uint64_t *out)
{
    const char *text = cli->value[GASP_OPT_LIMIT];
    *out = UINT64_MAX;
    if (text != NULL && (!gasp_cli_number(out, text, UINT64_MAX) || *out == 0))
        return gasp_cli_usage(cli, "--limit %.80s: it is a number from 1", text);
    return GASP_EXIT_DONE;
}

int gasp_cli_height(gasp_cli *cli, uint32_t *out, bool needed)
{
    uint64_t number = 0;
    const char *text = cli->value[GASP_OPT_HEIGHT];
    *out = 0;
    if (text == NULL)
        return needed ? gasp_cli_usage(cli, "--height is needed: the height of the first header") : GASP_EXIT_DONE;
    if (!gasp_cli_number(&number, text, UINT32_MAX))
        return gasp_cli_usage(cli, "--height %s: it is a number below 2^32", text);
    *out = (uint32_t)number;
    return GASP_EXIT_DONE;
}

/* Chain work in hex, with or without leading zeros. */
static bool read_work(gasp_work *out, const char *text)
{
    char padded[65];
    size_t len = strlen(text);
    if (len >= 2 && text[0] == '0' && text[1] == 'x') {
        text += 2;
        len -= 2;
    }
    if (len == 0 || len > 64)
        return false;
    memset(padded, '0', 64);
    memcpy(padded + 64 - len, text, len + 1);
    return gasp_hex_decode(out->be, 32, padded, 64) == GASP_OK;
}

int gasp_cli_pin(gasp_cli *cli, gasp_pin *out)
{
    const char *text = cli->value[GASP_OPT_PIN];
    char height[16] = "";
    char hash[GASP_HASH_TEXT_MAX] = "";
    uint64_t number = 0;
    size_t first = strcspn(text, ":");
    const char *rest = text[first] == ':' ? text + first + 1 : "";
    size_t second = strcspn(rest, ":");
    if (first < sizeof height && second < sizeof hash && rest[second] == ':') {
        memcpy(height, text, first);
        memcpy(hash, rest, second);
        if (gasp_cli_number(&number, height, UINT32_MAX) && gasp_block_hash_from_text(&out->hash, hash) == GASP_OK &&
            read_work(&out->work, rest + second + 1)) {
            out->height = (uint32_t)number;
            return GASP_EXIT_DONE;
        }
    }
    return gasp_cli_usage(cli, "--pin %.160s: it is HEIGHT:HASH:CHAINWORK, the last two in hex", text);
}
