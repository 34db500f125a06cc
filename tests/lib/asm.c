/* A small assembler for script test files. */
#include "lib/asm.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data.h"

/* Names by opcode, from 0x61 on; NULL where a number has none. */
static const char *const names[] = {
    "NOP",
    "VER",
    "IF",
    "NOTIF",
    "VERIF",
    "VERNOTIF",
    "ELSE",
    "ENDIF",
    "VERIFY",
    "RETURN",
    "TOALTSTACK",
    "FROMALTSTACK",
    "2DROP",
    "2DUP",
    "3DUP",
    "2OVER",
    "2ROT",
    "2SWAP",
    "IFDUP",
    "DEPTH",
    "DROP",
    "DUP",
    "NIP",
    "OVER",
    "PICK",
    "ROLL",
    "ROT",
    "SWAP",
    "TUCK",
    "CAT",
    "SPLIT",
    "NUM2BIN",
    "BIN2NUM",
    "SIZE",
    "INVERT",
    "AND",
    "OR",
    "XOR",
    "EQUAL",
    "EQUALVERIFY",
    "RESERVED1",
    "RESERVED2",
    "1ADD",
    "1SUB",
    "2MUL",
    "2DIV",
    "NEGATE",
    "ABS",
    "NOT",
    "0NOTEQUAL",
    "ADD",
    "SUB",
    "MUL",
    "DIV",
    "MOD",
    "LSHIFT",
    "RSHIFT",
    "BOOLAND",
    "BOOLOR",
    "NUMEQUAL",
    "NUMEQUALVERIFY",
    "NUMNOTEQUAL",
    "LESSTHAN",
    "GREATERTHAN",
    "LESSTHANOREQUAL",
    "GREATERTHANOREQUAL",
    "MIN",
    "MAX",
    "WITHIN",
    "RIPEMD160",
    "SHA1",
    "SHA256",
    "HASH160",
    "HASH256",
    "CODESEPARATOR",
    "CHECKSIG",
    "CHECKSIGVERIFY",
    "CHECKMULTISIG",
    "CHECKMULTISIGVERIFY",
    "NOP1",
    "CHECKLOCKTIMEVERIFY",
    "CHECKSEQUENCEVERIFY",
    "NOP4",
    "NOP5",
    "NOP6",
    "NOP7",
    "NOP8",
    "NOP9",
    "NOP10",
};

/* Other names of the same opcodes. */
static const struct {
    const char *name;
    uint8_t code;
} others[] = {
    {"RESERVED", 0x50},  {"NOP2", 0xb1},      {"NOP3", 0xb2},      {"SUBSTR", 0xb3},
    {"LEFT", 0xb4},      {"RIGHT", 0xb5},     {"LSHIFTNUM", 0xb6}, {"RSHIFTNUM", 0xb7},
    {"PUSHDATA1", 0x4c}, {"PUSHDATA2", 0x4d}, {"PUSHDATA4", 0x4e}, {"1NEGATE", 0x4f},
};

typedef struct assembler {
    uint8_t *out;
    size_t len;
} assembler;

static void put(assembler *a, const void *bytes, size_t len)
{
    a->out = realloc(a->out, a->len + len + 1);
    assert_non_null(a->out);
    if (len > 0)
        memcpy(a->out + a->len, bytes, len);
    a->len += len;
}

static void put_byte(assembler *a, unsigned byte)
{
    uint8_t b = (uint8_t)byte;
    put(a, &b, 1);
}

static void put_push(assembler *a, const void *bytes, size_t len)
{
    assert_true(len < 0x10000);
    if (len >= 0x100) {
        put_byte(a, 0x4d);
        put_byte(a, len & 0xff);
        put_byte(a, (unsigned)(len >> 8));
    } else if (len >= 0x4c) {
        put_byte(a, 0x4c);
        put_byte(a, (unsigned)len);
    } else {
        put_byte(a, (unsigned)len);
    }
    put(a, bytes, len);
}

/* A number: its own opcode from -1 to 16, else its shortest little-endian form with a sign bit. */
static void put_number(assembler *a, long long value)
{
    if (value == 0 || value == -1 || (value >= 1 && value <= 16)) {
        put_byte(a, value == 0 ? 0 : (unsigned)(0x50 + value));
        return;
    }
    uint8_t b[10];
    size_t len = 0;
    for (unsigned long long left = (unsigned long long)llabs(value); left > 0; left >>= 8)
        b[len++] = (uint8_t)left;
    if ((b[len - 1] & 0x80) != 0)
        b[len++] = 0;
    if (value < 0)
        b[len - 1] |= 0x80;
    put_push(a, b, len);
}

static bool put_opcode(assembler *a, const char *word)
{
    if (strncmp(word, "OP_", 3) == 0)
        word += 3;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], word) == 0) {
            put_byte(a, (unsigned)(0x61 + i));
            return true;
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(others[i].name, word) == 0) {
            put_byte(a, others[i].code);
            return true;
        }
    }
    return false;
}

static void put_word(assembler *a, const char *word)
{
    size_t len = strlen(word);
    char *end;
    long long value = strtoll(word, &end, 10);
    if (len > 2 && word[0] == '0' && word[1] == 'x') {
        gasp_bytes raw = test_hex(word + 2);
        put(a, raw.data, raw.len);
        test_release(raw);
    } else if (len >= 2 && word[0] == '\'' && word[len - 1] == '\'') {
        put_push(a, word + 1, len - 2);
    } else if (*end == '\0') {
        put_number(a, value);
    } else if (!put_opcode(a, word)) {
        fail_msg("no word of a script: %s", word);
    }
}

gasp_bytes test_asm(const char *text)
{
    assembler a = {NULL, 0};
    put(&a, NULL, 0);
    size_t len = strlen(text);
    char *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, text, len + 1);
    char *rest = copy;
    for (char *word; (word = strsep(&rest, " \t\n")) != NULL;)
        if (*word != '\0')
            put_word(&a, word);
    free(copy);
    return (gasp_bytes){a.out, a.len};
}
