/* The manual page, made from the tables of options.c. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "gasp/version.h"

/* Text for roff: a backslash and a hyphen are spelled, and no line begins with a control character. */
static void roff(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
    }
}

static void roff_option(FILE *out, const gasp_option *option)
{
    fputs(".TP\n.B ", out);
    if (option->letter != 0)
        fprintf(out, "\\-%c\\fR, \\fB", option->letter);
    fputs("\\-\\-", out);
    roff(out, option->name);
    if (option->value != NULL) {
        fputs("\\fR \\fI", out);
        roff(out, option->value);
        fputs("\\fR", out);
    }
    fputc('\n', out);
    roff(out, option->help);
    fputs(".\n", out);
}

static void roff_command(FILE *out, const gasp_command *command)
{
    fprintf(out, ".SS \"gasp %s %s\"\n", command->name, command->operands);
    roff(out, command->summary);
    fputs(".\n.PP\n", out);
    roff(out, command->text);
    fputc('\n', out);
    for (size_t i = 0; i < gasp_n_options; i++)
        if (gasp_options[i].commands[0] != '*' && gasp_option_applies(&gasp_options[i], command))
            roff_option(out, &gasp_options[i]);
}

static void manual(FILE *out)
{
    static const char *const codes[] = {"done",
                                        "partial: something is missing, or is not there",
                                        "usage",
                                        "peer or transport",
                                        "store",
                                        "a file is unreadable or malformed",
                                        "well formed but invalid",
                                        "not done within --timeout"};
    fprintf(out, ".TH GASP 1 \"\" \"gasp %s\" \"User Commands\"\n.SH NAME\n", gasp_version());
    fputs("gasp \\- bring two wallets to the same verified set of transactions\n.SH SYNOPSIS\n.B gasp\n"
          "\\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n"
          "A wallet is a directory. Results go to standard output, everything else to standard error. A file named "
          "\\fB\\-\\fR is standard input.\n.SH COMMANDS\n",
          out);
    for (size_t i = 0; i < gasp_n_commands; i++)
        roff_command(out, &gasp_commands[i]);
    fputs(".SH OPTIONS OF ALL COMMANDS\n", out);
    for (size_t i = 0; i < gasp_n_options; i++)
        if (gasp_options[i].commands[0] == '*' || gasp_options[i].commands[0] == '\0')
            roff_option(out, &gasp_options[i]);
    fputs(".SH EXIT STATUS\n", out);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        fprintf(out, ".TP\n.B %zu\n%s\n", i, codes[i]);
    fputs(".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nWhen set, nothing is coloured.\n", out);
}

int gasp_cmd_man(gasp_cli *cli)
{
    return gasp_cli_page(cli, manual);
}

int gasp_cli_page(gasp_cli *cli, void (*write)(FILE *out))
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        return gasp_cli_error(cli, GASP_ERR_NOMEM, "", NULL);
    write(out);
    (void)fclose(out);
    if (cli->json)
        gasp_json_put(cli->answer, "text", json_string(text));
    else
        gasp_cli_out(cli, "%s", text);
    free(text);
    return GASP_EXIT_DONE;
}
