/* The tables of commands and options, and the questions that are asked of them. Every text that a user sees about an
 * option or a command stands here and nowhere else. */
#include "cli/options.h"

#include <stdint.h>
#include <string.h>

#include "cli/cli.h"

const gasp_option gasp_options[] = {
    {GASP_OPT_NETWORK, 0, "network", "NAME", "main test regtest", "init,replay",
     "The chain: main (the default), test or regtest"},
    {GASP_OPT_HEIGHT, 0, "height", "H", NULL, "headers import,headers trust,replay", "Height of the (first) header"},
    {GASP_OPT_PIN, 0, "pin", "HEIGHT:HASH:CHAINWORK", NULL, "headers import,replay",
     "A header inside the file that you vouch for, with the work of the chain up to it (both in hex)"},
    {GASP_OPT_OUTPUTS, 0, "outputs", "all|N,N...", NULL, "import",
     "Which outputs are ours: all (the default) or a list of numbers"},
    {GASP_OPT_FORMAT, 0, "format", "FORM", "beef atomic", "export", "beef (the default) or atomic (BRC-95)"},
    {GASP_OPT_FORMAT, 0, "format", "FORM", "tx beef bump bump-json headers block", "decode",
     "Read the file as this, and say where that fails, in place of finding out"},
    {GASP_OPT_OUTPUT, 'o', "output", "FILE", NULL, "export", "Write to FILE in place of standard output"},
    {GASP_OPT_BINARY, 0, "binary", NULL, NULL, "export", "Write bytes in place of a line of hex"},
    {GASP_OPT_SPENT, 0, "spent", NULL, NULL, "list", "Show spent outputs too"},
    {GASP_OPT_DOT, 0, "dot", NULL, NULL, "graph", "Write a Graphviz file"},
    {GASP_OPT_LISTEN, 0, "listen", "ADDRESS", NULL, "serve", "tcp://HOST:PORT (port 0: any) or unix:PATH"},
    {GASP_OPT_STDIO, 0, "stdio", NULL, NULL, "serve", "Serve one peer on standard input and output"},
    {GASP_OPT_ANONYMOUS, 0, "allow-anonymous", NULL, NULL, "serve", "Serve TCP to whoever connects from this machine"},
    {GASP_OPT_RECORD, 0, "record", "FILE", NULL, "sync", "Write a trace of the session, for gasp replay"},
    {GASP_OPT_KIND, 0, "kind", "KIND", "bump beef headers", "replay",
     "Read files of other projects: bump, beef (JSON with hex in it) or headers (raw headers)"},
    {GASP_OPT_JSON, 0, "json", NULL, NULL, "*,", "Write one JSON object to standard output, also when it fails"},
    {GASP_OPT_QUIET, 'q', "quiet", NULL, NULL, "*,", "Write results and errors only"},
    {GASP_OPT_NO_COLOR, 0, "no-color", NULL, NULL, "*,", "No colours on a terminal (so does the variable NO_COLOR)"},
    {GASP_OPT_HELP, 'h', "help", NULL, NULL, "*,", "Show this help"},
    {GASP_OPT_VERSION, 0, "version", NULL, NULL, "", "Show the version"},
};
const size_t gasp_n_options = sizeof gasp_options / sizeof gasp_options[0];

const gasp_command gasp_commands[] = {
    {"init", "DIR", "Make a wallet in a directory",
     "DIR is made when it is not there. The wallet's first header is the genesis block of its network.", gasp_cmd_init},
    {"headers import", "DIR FILE", "Take a run of block headers",
     "FILE holds headers of 80 bytes, one after the other. The first of them is at --height and follows one that is "
     "held, "
     "unless --pin names a header inside the file: those up to it are then checked by their links and those after it "
     "by "
     "every rule. 147 headers up to the pin are needed, 2,016 below height 504,031.",
     gasp_cmd_headers_import},
    {"headers trust", "DIR HEX", "Take one block header on your word",
     "HEX is a header of 80 bytes, from a node that you trust. It counts as part of the best chain at its height until "
     "linked headers show another one there.",
     gasp_cmd_headers_trust},
    {"headers tip", "DIR", "Show the last header of the best chain", "Trusted headers are no tips.",
     gasp_cmd_headers_tip},
    {"import", "DIR FILE...", "Take transactions from files",
     "A FILE is a transaction (plain or extended) or a BEEF, binary or hex. Each transaction is followed to its "
     "proofs, "
     "and its scripts are run. What holds is committed with its outputs; what stands on something missing is set aside "
     "and may be given again; what breaks a rule is refused.",
     gasp_cmd_import},
    {"export", "DIR TXID|OUTPOINT", "Write a transaction with all that it stands on",
     "A BEEF (BRC-62) that whoever holds the block headers can verify alone.", gasp_cmd_export},
    {"list", "DIR", "List the outputs that may be spent",
     "Outpoint, satoshis, height and labels, then the sum, the count and the digest. Two wallets that hold the same "
     "list "
     "the same, byte for byte.",
     gasp_cmd_list},
    {"show", "DIR TXID|OUTPOINT", "Show one transaction or output", "All that is held about it.", gasp_cmd_show},
    {"label", "DIR OUTPOINT KEY=VALUE", "Set a label of an output",
     "Labels travel with the output when wallets sync. An empty VALUE removes the label.", gasp_cmd_label},
    {"graph", "DIR TXID", "Draw what a transaction stands on",
     "The transaction, below it those that it spends from, and so on down to the proven ones. One that was drawn above "
     "stands there as (seen).",
     gasp_cmd_graph},
    {"decode", "FILE", "Show what is in a file",
     "Binary or hex: a transaction (plain or extended), a BEEF of any version, a BUMP (also as JSON), block headers, a "
     "block. They are tried in this order: what begins with { is BUMP JSON; what begins as a BEEF is one; then "
     "transaction, BUMP, one header, headers that follow each other, block. Parts are counted from 0.",
     gasp_cmd_decode},
    {"serve", "DIR", "Let peers sync with a wallet",
     "Serves until it is stopped. There is no encryption yet: TCP is for this machine only, and unix sockets are for "
     "their owner.",
     gasp_cmd_serve},
    {"sync", "DIR ADDRESS", "Bring two wallets to the same set",
     "ADDRESS is tcp://HOST:PORT, unix:PATH, or exec:\"COMMAND\", whose standard input and output then lead to a peer: "
     "exec:\"ssh HOST gasp serve DIR --stdio\".",
     gasp_cmd_sync},
    {"replay", "PATH...", "Run test vectors and recorded sessions",
     "A PATH is a file or a folder. Vectors are JSON (docs/vectors.md), traces end in .trace. With --kind, files of "
     "other "
     "projects are read; headers need --height.",
     gasp_cmd_replay},
    {"fsck", "DIR", "Check the store of a wallet",
     "Checks every transaction, proof, header, script and index again, and lists what does not hold.", gasp_cmd_fsck},
    {"help", "[COMMAND] [WORD]", "Show help", "Help for a command, or the list of all.", gasp_cmd_help},
    {"completion", "bash|zsh|fish", "Write shell completion", "For bash: source <(gasp completion bash)",
     gasp_cmd_completion},
    {"man", "", "Write the manual page", "For a look: gasp man | man -l -", gasp_cmd_man},
};
const size_t gasp_n_commands = sizeof gasp_commands / sizeof gasp_commands[0];

bool gasp_option_applies(const gasp_option *option, const gasp_command *command)
{
    const char *name = command != NULL ? command->name : "";
    const char *at = option->commands;
    for (;;) {
        size_t len = strcspn(at, ",");
        if (len == strlen(name) && strncmp(at, name, len) == 0)
            return true;
        if (len == 1 && *at == '*' && command != NULL)
            return true;
        if (at[len] == '\0')
            return false;
        at += len + 1;
    }
}

const gasp_command *gasp_command_find(const char *name)
{
    for (size_t i = 0; i < gasp_n_commands; i++)
        if (strcmp(gasp_commands[i].name, name) == 0)
            return &gasp_commands[i];
    return NULL;
}

void gasp_command_operands(const gasp_command *command, size_t *least, size_t *most)
{
    *least = 0;
    *most = 0;
    for (const char *at = command->operands; *at != '\0';) {
        size_t len = strcspn(at, " ");
        if (*at != '[')
            (*least)++;
        if (len > 3 && strncmp(at + len - 3, "...", 3) == 0)
            *most = SIZE_MAX;
        else if (*most != SIZE_MAX)
            (*most)++;
        at += len + (at[len] == ' ');
    }
}

bool gasp_command_is_group(const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i < gasp_n_commands; i++)
        if (strncmp(gasp_commands[i].name, word, len) == 0 && gasp_commands[i].name[len] == ' ')
            return true;
    return false;
}
