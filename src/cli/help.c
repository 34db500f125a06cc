/* Help, made from the tables of options.c. */
#include <string.h>

#include "cli/cli.h"
#include "gasp/version.h"

enum { WIDTH = 80 };

void gasp_cli_usage_line(char *out, size_t cap, const gasp_command *command)
{
    size_t listed = 0;
    for (size_t i = 0; i < gasp_n_options; i++)
        listed += gasp_option_applies(&gasp_options[i], command) && gasp_options[i].commands[0] != '*';
    snprintf(out, cap, "gasp %s%s%s%s", command->name, *command->operands != '\0' ? " " : "", command->operands,
             listed > 0 ? " [OPTIONS]" : "");
}

/* Words with line breaks, each line indented but the first. */
static void wrap(gasp_cli *cli, const char *text, size_t indent)
{
    size_t column = indent;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (column > indent && column + 1 + len > WIDTH) {
            gasp_cli_out(cli, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            gasp_cli_out(cli, " ");
            column++;
        }
        gasp_cli_out(cli, "%.*s", (int)len, text);
        column += len;
        text += len + (text[len] == ' ');
    }
    gasp_cli_out(cli, "\n");
}

static void print_option(gasp_cli *cli, const gasp_option *option)
{
    enum { COLUMN = 24 };
    char left[64];
    char letter[5] = "    ";
    if (option->letter != 0)
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    int len = snprintf(left, sizeof left, "  %s--%s%s%s", letter, option->name, option->value != NULL ? " " : "",
                       option->value != NULL ? option->value : "");
    if (len >= COLUMN)
        gasp_cli_out(cli, "%s\n%*s", left, COLUMN, "");
    else
        gasp_cli_out(cli, "%-*s", COLUMN, left);
    wrap(cli, option->help, COLUMN);
}

static json_t *option_json(const gasp_option *option)
{
    json_t *out = json_object();
    gasp_json_put(out, "name", json_sprintf("--%s", option->name));
    if (option->letter != 0)
        gasp_json_put(out, "letter", json_sprintf("-%c", option->letter));
    if (option->value != NULL)
        gasp_json_put(out, "value", json_string(option->value));
    gasp_json_put(out, "help", json_string(option->help));
    return out;
}

static void options_of(gasp_cli *cli, const gasp_command *command)
{
    json_t *list = json_array();
    gasp_cli_out(cli, "\nOptions:\n");
    for (size_t i = 0; i < gasp_n_options; i++) {
        if (!gasp_option_applies(&gasp_options[i], command))
            continue;
        print_option(cli, &gasp_options[i]);
        (void)json_array_append_new(list, option_json(&gasp_options[i]));
    }
    gasp_json_put(cli->answer, "options", list);
}

static void help_for_all(gasp_cli *cli)
{
    json_t *list = json_array();
    gasp_cli_out(cli, "gasp %s: brings two wallets to the same verified set of transactions\n\n", gasp_version());
    gasp_cli_out(cli, "Usage: gasp COMMAND [OPTIONS]\n\nCommands:\n");
    for (size_t i = 0; i < gasp_n_commands; i++) {
        const gasp_command *command = &gasp_commands[i];
        json_t *row = json_object();
        gasp_cli_out(cli, "  %-16s %s\n", command->name, command->summary);
        gasp_json_put(row, "name", json_string(command->name));
        gasp_json_put(row, "summary", json_string(command->summary));
        (void)json_array_append_new(list, row);
    }
    gasp_json_put(cli->answer, "commands", list);
    options_of(cli, NULL);
    gasp_cli_out(cli, "\nA file named - is standard input. `gasp help COMMAND` tells more.\n"
                      "Exit codes: 0 done, 1 partial, 2 usage, 3 peer or transport, 4 store,\n"
                      "5 file unreadable or malformed, 6 well-formed but invalid, 7 timed out.\n");
}

void gasp_cli_help(gasp_cli *cli, const gasp_command *command)
{
    char line[256];
    if (command == NULL) {
        help_for_all(cli);
        return;
    }
    gasp_cli_usage_line(line, sizeof line, command);
    gasp_json_put(cli->answer, "command", json_string(command->name));
    gasp_json_put(cli->answer, "usage", json_string(line));
    gasp_json_put(cli->answer, "summary", json_string(command->summary));
    gasp_cli_out(cli, "%s\n\nUsage: %s\n\n", command->summary, line);
    wrap(cli, command->text, 0);
    options_of(cli, command);
}

int gasp_cmd_help(gasp_cli *cli)
{
    char name[80] = "";
    if (cli->n_operands == 0) {
        gasp_cli_help(cli, NULL);
        return GASP_EXIT_DONE;
    }
    snprintf(name, sizeof name, "%.32s%s%.32s", cli->operand[0], cli->n_operands > 1 ? " " : "",
             cli->n_operands > 1 ? cli->operand[1] : "");
    const gasp_command *command = gasp_command_find(name);
    if (command != NULL) {
        gasp_cli_help(cli, command);
        return GASP_EXIT_DONE;
    }
    if (cli->n_operands > 1 || !gasp_command_is_group(name))
        return gasp_cli_usage(cli, "there is no command `%s`", name);
    for (size_t i = 0; i < gasp_n_commands; i++)
        if (strncmp(gasp_commands[i].name, name, strlen(name)) == 0)
            gasp_cli_out(cli, "  %-16s %s\n", gasp_commands[i].name, gasp_commands[i].summary);
    return GASP_EXIT_DONE;
}
