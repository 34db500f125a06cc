/* Completion for shells, made from the tables of options.c. */
#include <string.h>

#include "cli/cli.h"

/* The length of the first of two words; 0 for a command of one word. */
static size_t group_len(const gasp_command *command)
{
    const char *space = strchr(command->name, ' ');
    return space != NULL ? (size_t)(space - command->name) : 0;
}

/* Whether this command is the first of the table that begins with its first word. */
static bool first_of_group(size_t i)
{
    size_t len = strcspn(gasp_commands[i].name, " ");
    for (size_t j = 0; j < i; j++)
        if (strcspn(gasp_commands[j].name, " ") == len &&
            strncmp(gasp_commands[j].name, gasp_commands[i].name, len) == 0)
            return false;
    return true;
}

static void bash_choices(FILE *out)
{
    fputs("    case \"$name $prev\" in\n", out);
    for (size_t i = 0; i < gasp_n_commands; i++)
        for (size_t j = 0; j < gasp_n_options; j++)
            if (gasp_options[j].choices != NULL && gasp_option_applies(&gasp_options[j], &gasp_commands[i]))
                fprintf(out, "    \"%s --%s\") COMPREPLY=($(compgen -W \"%s\" -- \"$cur\")); return ;;\n",
                        gasp_commands[i].name, gasp_options[j].name, gasp_options[j].choices);
    fputs("    esac\n", out);
}

static void bash_words(FILE *out)
{
    fputs("    case $name in\n", out);
    for (size_t i = 0; i < gasp_n_commands; i++) {
        fprintf(out, "    \"%s\") words=\"", gasp_commands[i].name);
        for (size_t j = 0; j < gasp_n_options; j++)
            if (gasp_option_applies(&gasp_options[j], &gasp_commands[i]))
                fprintf(out, "--%s ", gasp_options[j].name);
        if (strcmp(gasp_commands[i].name, "completion") == 0)
            fputs("bash zsh fish", out);
        fputs("\" ;;\n", out);
    }
    fputs("    esac\n", out);
}

static void bash_first_words(FILE *out)
{
    fputs("    [ \"$COMP_CWORD\" -eq 1 ] && words=\"", out);
    for (size_t i = 0; i < gasp_n_commands; i++)
        if (first_of_group(i))
            fprintf(out, "%.*s ", (int)strcspn(gasp_commands[i].name, " "), gasp_commands[i].name);
    fputs("\"\n", out);
    for (size_t i = 0; i < gasp_n_commands; i++) {
        size_t len = group_len(&gasp_commands[i]);
        if (len > 0)
            fprintf(out, "    [ \"$COMP_CWORD $1\" = \"2 %.*s\" ] && words=\"$words %s\"\n", (int)len,
                    gasp_commands[i].name, gasp_commands[i].name + len + 1);
    }
}

static void bash(FILE *out)
{
    fputs("_gasp_words() {\n    local cur=$2 prev=$3 name=$1 words=\"\"\n    case \"$1 $4\" in\n", out);
    for (size_t i = 0; i < gasp_n_commands; i++)
        if (group_len(&gasp_commands[i]) > 0)
            fprintf(out, "    \"%s\") name=\"$1 $4\" ;;\n", gasp_commands[i].name);
    fputs("    esac\n", out);
    bash_choices(out);
    bash_words(out);
    bash_first_words(out);
    fputs("    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
          "    [ \"$COMP_CWORD\" -gt 1 ] && COMPREPLY+=($(compgen -f -- \"$cur\"))\n    return 0\n}\n"
          "_gasp() {\n"
          "    _gasp_words \"${COMP_WORDS[1]}\" \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\" "
          "\"${COMP_WORDS[2]}\"\n}\ncomplete -o filenames -F _gasp gasp\n",
          out);
}

static void zsh(FILE *out)
{
    fputs("#compdef gasp\nautoload -U +X bashcompinit && bashcompinit\n", out);
    bash(out);
}

/* A text in single quotes; none of ours has one inside. */
static void fish_rows(FILE *out, const gasp_command *command)
{
    size_t len = group_len(command);
    char seen[160];
    if (len > 0)
        snprintf(seen, sizeof seen, "__fish_seen_subcommand_from %.*s; and __fish_seen_subcommand_from %s", (int)len,
                 command->name, command->name + len + 1);
    else
        snprintf(seen, sizeof seen, "__fish_seen_subcommand_from %s", command->name);
    for (size_t j = 0; j < gasp_n_options; j++) {
        const gasp_option *option = &gasp_options[j];
        if (!gasp_option_applies(option, command))
            continue;
        fprintf(out, "complete -c gasp -n '%s' -l %s", seen, option->name);
        if (option->letter != 0)
            fprintf(out, " -s %c", option->letter);
        if (option->choices != NULL)
            fprintf(out, " -x -a '%s'", option->choices);
        else if (option->value != NULL)
            fputs(" -r", out);
        fprintf(out, " -d '%s'\n", option->help);
    }
}

static void fish(FILE *out)
{
    for (size_t i = 0; i < gasp_n_commands; i++) {
        const gasp_command *command = &gasp_commands[i];
        size_t len = group_len(command);
        if (len == 0)
            fprintf(out, "complete -c gasp -n __fish_use_subcommand -a %s -d '%s'\n", command->name, command->summary);
        else {
            if (first_of_group(i))
                fprintf(out, "complete -c gasp -n __fish_use_subcommand -a %.*s\n", (int)len, command->name);
            fprintf(out, "complete -c gasp -n '__fish_seen_subcommand_from %.*s' -a %s -d '%s'\n", (int)len,
                    command->name, command->name + len + 1, command->summary);
        }
        fish_rows(out, command);
    }
    fputs("complete -c gasp -n '__fish_seen_subcommand_from completion' -x -a 'bash zsh fish'\n", out);
}

int gasp_cmd_completion(gasp_cli *cli)
{
    static const struct {
        const char *name;
        void (*write)(FILE *out);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
        if (strcmp(cli->operand[0], shells[i].name) == 0)
            return gasp_cli_page(cli, shells[i].write);
    return gasp_cli_usage(cli, "completion %.40s: it is one of: bash zsh fish", cli->operand[0]);
}
