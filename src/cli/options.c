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
    {GASP_OPT_OUTPUTS, 0, "outputs", "all|N,N...", NULL, "spend",
     "Which outputs come back to us: none without this option, else all or a list of numbers"},
    {GASP_OPT_FORMAT, 0, "format", "FORM", "beef atomic", "export", "beef (the default) or atomic (BRC-95)"},
    {GASP_OPT_FORMAT, 0, "format", "FORM", "tx beef bump bump-json headers block", "decode",
     "Read the file as this, and say where that fails, in place of finding out"},
    {GASP_OPT_OUTPUT, 'o', "output", "FILE", NULL, "export", "Write to FILE in place of standard output"},
    {GASP_OPT_BINARY, 0, "binary", NULL, NULL, "export", "Write bytes in place of a line of hex"},
    {GASP_OPT_ALL, 0, "all", NULL, NULL, "list", "Show spent outputs too"},
    {GASP_OPT_UNPROVEN, 0, "unproven", NULL, NULL, "list", "Only unspent outputs of transactions that no block proves"},
    {GASP_OPT_SPENT, 0, "spent", NULL, NULL, "list", "Only spent outputs, with who spends them"},
    {GASP_OPT_CONFLICTS, 0, "conflicts", NULL, NULL, "list",
     "Only outputs that several held transactions spend, and those that hang on such a conflict"},
    {GASP_OPT_REFUSED, 0, "refused", NULL, NULL, "list", "What peers offered and was not taken, with the reason"},
    {GASP_OPT_LABEL, 0, "label", "KEY[=VALUE]", NULL, "list",
     "Only outputs with this label, of this value when one is given"},
    {GASP_OPT_LIMIT, 0, "limit", "N", NULL, "list,log", "Show N at most"},
    {GASP_OPT_AFTER, 0, "after", "OUTPOINT", NULL, "list",
     "Begin behind this outpoint: the last one of the page before"},
    {GASP_OPT_AFTER, 0, "after", "N", NULL, "log", "Begin behind this change: the last one that was seen"},
    {GASP_OPT_FOLLOW, 0, "follow", NULL, NULL, "log", "Wait for further changes, until it is stopped"},
    {GASP_OPT_DOT, 0, "dot", NULL, NULL, "graph", "Write a Graphviz file"},
    {GASP_OPT_LISTEN, 0, "listen", "ADDRESS", NULL, "serve", "tcp://HOST:PORT (port 0: any) or unix:PATH"},
    {GASP_OPT_STDIO, 0, "stdio", NULL, NULL, "serve", "Serve one peer on standard input and output"},
    {GASP_OPT_ANONYMOUS, 0, "allow-anonymous", NULL, NULL, "serve", "Serve TCP to whoever connects from this machine"},
    {GASP_OPT_LOG, 0, "log", NULL, NULL, "serve",
     "Write each change of the wallet to standard output, as gasp log does"},
    {GASP_OPT_PULL, 0, "pull", NULL, NULL, "sync", "Only take; the peer gets nothing"},
    {GASP_OPT_PUSH, 0, "push", NULL, NULL, "sync", "Only give; nothing is taken from the peer"},
    {GASP_OPT_DRY_RUN, 0, "dry-run", NULL, NULL, "sync", "Tell what would come, and change nothing on either side"},
    {GASP_OPT_TIMEOUT, 0, "timeout", "SECONDS", NULL, "sync",
     "Give up after so long, with exit code 7; what came until then stays"},
    {GASP_OPT_RECORD, 0, "record", "FILE", NULL, "sync", "Write a trace of the session, for gasp replay"},
    {GASP_OPT_KIND, 0, "kind", "KIND", "bump beef headers", "replay",
     "Read files of other projects: bump, beef (JSON with hex in it) or headers (raw headers)"},
    {GASP_OPT_FORCE, 0, "force", NULL, NULL, "backup", "Replace FILE when it is there, once the new one is whole"},
    {GASP_OPT_FORCE, 0, "force", NULL, NULL, "restore",
     "Delete first what a restore that did not finish left in DIR; never a wallet"},
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
     "list the same, byte for byte. With an option that chooses outputs, or a page of them, there is no digest; when "
     "more stand behind the page, --after for the next one is told.",
     gasp_cmd_list},
    {"log", "DIR", "Show the changes of a wallet",
     "One line a change: its number, the time (UTC), what happened, the outpoint. A change stays under its number. "
     "With "
     "--follow the wallet is opened again whenever another command has changed it; with --json that gives one object "
     "a line. While a gasp serve holds the wallet no other command can open it: gasp serve --log tells its changes.",
     gasp_cmd_log},
    {"show", "DIR TXID|OUTPOINT", "Show one transaction or output", "All that is held about it.", gasp_cmd_show},
    {"label", "DIR OUTPOINT KEY=VALUE", "Set a label of an output",
     "Labels travel with the output when wallets sync. An empty VALUE removes the label.", gasp_cmd_label},
    {"prove", "DIR BUMP", "Take a proof of transactions that are held",
     "BUMP is a file with a merkle path (BRC-74): binary, hex, or JSON. Of every held transaction in it the proof is "
     "kept. One of a block that no header is held for is set aside, and may be given again.",
     gasp_cmd_prove},
    {"spend", "DIR FILE", "Take a transaction that spends from this wallet",
     "FILE is a transaction (plain or extended) or a BEEF, binary or hex, that was made elsewhere. It is verified as "
     "by "
     "import; what it spends is spent from then on, and peers learn it. --outputs says what comes back.",
     gasp_cmd_spend},
    {"forget", "DIR TXID", "Forget an unproven transaction",
     "For one that will never be mined: it leaves the wallet with every unproven transaction that spends from it, and "
     "what only they spent can be spent again. A peer may bring it back.",
     gasp_cmd_forget},
    {"broadcast", "DIR TXID FILE", "Keep what a broadcaster answered",
     "FILE holds the answer, up to 4,096 bytes of any form. It is kept beside the transaction and told to peers; it "
     "proves nothing. An empty FILE removes it.",
     gasp_cmd_broadcast},
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
    {"backup", "DIR FILE", "Write a wallet as one checked file",
     "All that the wallet holds at this moment, with a hash over it. The file is not encrypted. An existing FILE is "
     "left "
     "alone without --force.",
     gasp_cmd_backup},
    {"restore", "FILE DIR", "Make a wallet from a backup",
     "DIR must hold no wallet. A file that was truncated or altered is refused, and DIR is then as it was. What the "
     "file "
     "says is believed as the wallet itself is: gasp fsck checks it.",
     gasp_cmd_restore},
    {"replay", "PATH...", "Run test vectors and recorded sessions",
     "A PATH is a file or a folder. Vectors are JSON (docs/vectors.md), traces end in .trace. With --kind, files of "
     "other "
     "projects are read; headers need --height.",
     gasp_cmd_replay},
    {"fsck", "DIR", "Check the store of a wallet",
     "Checks every transaction, proof, header, script and index again, and lists what does not hold.", gasp_cmd_fsck},
    {"limits", "", "Show every limit and what it is for",
     "What a peer or a file can make this program do, and where that ends: name, value, unit, whether a configuration "
     "sets "
     "it (the value is then its default), and what it bounds. --json adds the error and the test that shows it.",
     gasp_cmd_limits},
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
