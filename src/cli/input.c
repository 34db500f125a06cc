/* Files and standard input, whole, binary or hex; and where in them something is wrong. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

/* Larger than any file that is read here has reason to be (a block of 4 GB is not looked at in one piece). */
static const size_t input_max = (size_t)1 << 30;

/* Everything up to the end of a descriptor. */
static gasp_err read_all(int fd, uint8_t **out, size_t *len, const char **why)
{
    size_t cap = 0;
    *out = NULL;
    *len = 0;
    for (;;) {
        if (*len == cap) {
            size_t next = cap == 0 ? 65536 : 2 * cap;
            uint8_t *grown = next > 2 * input_max ? NULL : realloc(*out, next);
            if (grown == NULL) {
                *why = "larger than 1 GiB, or no memory for it";
                return GASP_ERR_LIMIT;
            }
            *out = grown;
            cap = next;
        }
        ssize_t got = read(fd, *out + *len, cap - *len);
        if (got == 0)
            return GASP_OK;
        if (got < 0 && errno != EINTR) {
            *why = strerror(errno);
            return GASP_ERR_FILE_OPEN;
        }
        *len += got > 0 ? (size_t)got : 0;
    }
}

int gasp_cli_read_raw(gasp_cli *cli, gasp_input *out, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    const char *why = "";
    *out = (gasp_input){.name = standard ? "standard input" : path};
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return gasp_cli_error(cli, GASP_ERR_FILE_OPEN, out->name, strerror(errno));
    gasp_err err = read_all(fd, &out->memory, &out->bytes.len, &why);
    out->bytes.data = out->memory;
    if (!standard)
        (void)close(fd);
    if (err == GASP_OK)
        return GASP_EXIT_DONE;
    gasp_input_clear(out);
    return gasp_cli_error(cli, err, out->name, why);
}

static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool gasp_input_unhex(gasp_input *input)
{
    size_t digits = 0;
    for (size_t i = 0; i < input->bytes.len; i++) {
        bool hex = digit(input->memory[i]) >= 0;
        if (!hex && !is_space(input->memory[i]))
            return false;
        digits += hex;
    }
    if (digits == 0 || digits % 2 != 0)
        return false;
    size_t at = 0;
    for (size_t i = 0; i < input->bytes.len; i++) {
        int value = digit(input->memory[i]);
        if (value < 0)
            continue;
        uint8_t *byte = &input->memory[at / 2]; /* never behind what is still to be read */
        *byte = (uint8_t)(at % 2 == 0 ? value << 4 : *byte | value);
        at++;
    }
    input->bytes.len = digits / 2;
    input->hex = true;
    return true;
}

int gasp_cli_read(gasp_cli *cli, gasp_input *out, const char *path)
{
    int code = gasp_cli_read_raw(cli, out, path);
    if (code == GASP_EXIT_DONE)
        (void)gasp_input_unhex(out);
    return code;
}

void gasp_input_clear(gasp_input *input)
{
    free(input->memory);
    input->memory = NULL;
    input->bytes = (gasp_bytes){0};
}

static const char *counted_word(gasp_counted counted, gasp_err err)
{
    switch (counted) {
    case GASP_COUNTED_NOTHING:
        break;
    case GASP_COUNTED_TX:
        return "transaction";
    case GASP_COUNTED_BEEF:
        return err <= GASP_ERR_BUMP_LEVELS && err >= GASP_ERR_BUMP_DUPLICATE ? "BUMP" : "transaction";
    case GASP_COUNTED_LEVEL:
        return "level";
    case GASP_COUNTED_HEADER:
        return "header";
    case GASP_COUNTED_ROW:
        return "row";
    }
    return NULL;
}

void gasp_input_place(char out[GASP_PLACE_MAX], const gasp_input *input, const gasp_fault *fault, gasp_counted counted)
{
    const char *word = counted_word(counted, fault->err);
    int len = snprintf(out, GASP_PLACE_MAX, "%.300s: byte %" PRIu64, input->name, fault->at);
    if (word != NULL && len > 0)
        snprintf(out + len, GASP_PLACE_MAX - (size_t)len, ", %s %" PRIu64, word, fault->item);
}
