/* What is said and where: results to standard output, everything else to standard error; with --json one object at the
 * end. Nothing here decides what a command answers, but gasp_cli_exit_of is the only map from errors to exit codes. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "gasp/node.h"

enum { PROGRESS_EVERY_MS = 100, PROGRESS_MAX = 200 };

static bool set(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && *value != '\0';
}

/* By the variables that decide the character type of the locale, in their order. */
static bool writes_utf8(void)
{
    const char *value = set("LC_ALL") ? getenv("LC_ALL") : set("LC_CTYPE") ? getenv("LC_CTYPE") : getenv("LANG");
    return value != NULL && (strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL ||
                             strstr(value, "utf-8") != NULL || strstr(value, "UTF8") != NULL);
}

void gasp_cli_terminal(gasp_cli *cli, bool json, bool quiet, bool no_color)
{
    const char *term = getenv("TERM");
    bool dull = no_color || set("NO_COLOR") || term == NULL || strcmp(term, "dumb") == 0;
    cli->json = json;
    cli->quiet = quiet;
    cli->color = !json && !dull && isatty(STDOUT_FILENO);
    cli->error_color = !dull && isatty(STDERR_FILENO);
    cli->progress = !json && !quiet && term != NULL && strcmp(term, "dumb") != 0 && isatty(STDERR_FILENO);
    cli->utf8 = writes_utf8();
    cli->begin_ms = gasp_node_now().mono_ms;
}

void gasp_cli_out(gasp_cli *cli, const char *format, ...)
{
    va_list args;
    if (cli->json)
        return;
    gasp_cli_progress_end(cli);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
}

void gasp_cli_note(gasp_cli *cli, const char *format, ...)
{
    va_list args;
    if (cli->quiet)
        return;
    gasp_cli_progress_end(cli);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void gasp_cli_progress(gasp_cli *cli, const char *format, ...)
{
    char text[PROGRESS_MAX];
    va_list args;
    if (!cli->progress)
        return;
    uint64_t now = gasp_node_now().mono_ms;
    if (cli->progressing && now - cli->progress_ms < PROGRESS_EVERY_MS)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "\r%s\x1b[K", text);
    cli->progressing = true;
    cli->progress_ms = now;
}

void gasp_cli_progress_end(gasp_cli *cli)
{
    if (cli->progressing)
        fputs("\r\x1b[K", stderr);
    cli->progressing = false;
}

/* The reason, with what is known more about it. */
static void reason(char *out, size_t cap, gasp_err err, const char *detail)
{
    const char *text = gasp_err_text(err);
    if (detail == NULL || *detail == '\0')
        snprintf(out, cap, "%s", text);
    else if (strncmp(detail, text, strlen(text)) == 0) /* some say it again */
        snprintf(out, cap, "%s", detail);
    else
        snprintf(out, cap, "%s (%s)", text, detail);
}

void gasp_cli_put_error(gasp_cli *cli, const char *code, const char *cls, const char *place, const char *message)
{
    if (json_object_get(cli->answer, "error") != NULL)
        return;
    json_t *error = json_object();
    gasp_json_put(error, "code", json_string(code));
    gasp_json_put(error, "class", json_string(cls));
    gasp_json_put(error, "place", json_string(place));
    gasp_json_put(error, "message", json_string(message));
    gasp_json_put(cli->answer, "error", error);
}

/* `gasp: place: reason` */
static void write_error(gasp_cli *cli, const char *place, const char *message)
{
    gasp_cli_progress_end(cli);
    fflush(stdout);
    fprintf(stderr, "%sgasp:%s %s%s%s\n", cli->error_color ? "\x1b[31m" : "", cli->error_color ? "\x1b[0m" : "", place,
            *place != '\0' ? ": " : "", message);
}

int gasp_cli_error(gasp_cli *cli, gasp_err err, const char *place, const char *detail)
{
    char message[1024];
    reason(message, sizeof message, err, detail);
    write_error(cli, place, message);
    gasp_cli_put_error(cli, gasp_err_name(err), gasp_class_name(gasp_err_class(err)), place, message);
    return gasp_cli_exit_of(err);
}

int gasp_cli_usage(gasp_cli *cli, const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    write_error(cli, "", message);
    fprintf(stderr, "help: gasp help%s%s\n", cli->command != NULL ? " " : "",
            cli->command != NULL ? cli->command->name : "");
    gasp_cli_put_error(cli, "usage", "misuse", "", message);
    return GASP_EXIT_USAGE;
}

int gasp_cli_exit_of(gasp_err err)
{
    if (err == GASP_ERR_LIMIT || err == GASP_ERR_FILE_OPEN)
        return GASP_EXIT_FILE;
    if (err == GASP_ERR_NET_TIMEOUT)
        return GASP_EXIT_TIMEOUT;
    switch (gasp_err_class(err)) {
    case GASP_CLASS_NONE:
        return err == GASP_OK ? GASP_EXIT_DONE : GASP_EXIT_PARTIAL;
    case GASP_CLASS_MISUSE:
        return GASP_EXIT_USAGE;
    case GASP_CLASS_DECODE:
        return GASP_EXIT_FILE;
    case GASP_CLASS_VERIFY:
        return GASP_EXIT_INVALID;
    case GASP_CLASS_PEER:
    case GASP_CLASS_TRANSPORT:
        return GASP_EXIT_PEER;
    case GASP_CLASS_RESOURCE:
    case GASP_CLASS_STORE:
    case GASP_CLASS_INTERNAL:
        return GASP_EXIT_STORE;
    }
    return GASP_EXIT_STORE;
}

int gasp_cli_finish(gasp_cli *cli, int code)
{
    gasp_cli_progress_end(cli);
    errno = 0;
    if (cli->json) {
        json_dumpf(cli->answer, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
        fputc('\n', stdout);
    }
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    /* A reader that has seen enough is no failure worth words; a full disk is. */
    if (errno != EPIPE)
        fprintf(stderr, "gasp: standard output: %s\n", strerror(errno));
    return code != GASP_EXIT_DONE ? code : GASP_EXIT_FILE;
}

const char *gasp_cli_style(const gasp_cli *cli, gasp_style style)
{
    static const char *const escapes[] = {"\x1b[0m",  "\x1b[1m",  "\x1b[2m", "\x1b[31m",
                                          "\x1b[32m", "\x1b[33m", "\x1b[36m"};
    return cli->color ? escapes[style] : "";
}

void gasp_json_put(json_t *object, const char *key, json_t *value)
{
    (void)json_object_set_new(object, key, value);
}
