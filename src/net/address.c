/* Reading and writing addresses. Strict on purpose: what is not plainly one of the documented forms is refused with the
 * place where it leaves them. Never asks a resolver. */
#include "net/address.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "base/limits.h"

typedef struct cursor {
    const char *text;
    size_t at;
} cursor;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
}

static bool skip_prefix(cursor *c, const char *prefix)
{
    size_t len = strlen(prefix);
    if (strncmp(c->text + c->at, prefix, len) != 0)
        return false;
    c->at += len;
    return true;
}

/* A name whose last label is a number, or hex, is an IPv4 address to resolvers, in forms that do not look like one. */
static bool looks_numeric(const char *host)
{
    const char *last = strrchr(host, '.');
    last = last != NULL ? last + 1 : host;
    if (last[0] == '0' && (last[1] == 'x' || last[1] == 'X'))
        return true;
    return *last != '\0' && strspn(last, "0123456789") == strlen(last);
}

/* An address or name without brackets. On failure the cursor stands where it goes wrong. */
static bool read_name(gasp_address *out, cursor *c)
{
    size_t start = c->at;
    size_t len = 0;
    for (; is_name_char(c->text[c->at]); c->at++) {
        bool label_starts = len == 0 || out->host[len - 1] == '.';
        if (len + 1 >= gasp_limit(ADDRESS_HOST) || (label_starts && (c->text[c->at] == '.' || c->text[c->at] == '-')))
            return false;
        out->host[len++] = c->text[c->at];
        out->host[len] = '\0';
    }
    if (len == 0)
        return false;
    unsigned char ip4[4];
    if (looks_numeric(out->host) && uv_inet_pton(AF_INET, out->host, ip4) != 0) {
        c->at = start;
        return false;
    }
    return true;
}

/* [IPv6] or [IPv6%zone]; the zone is the name of an interface of this machine. */
static bool read_bracketed(gasp_address *out, cursor *c)
{
    size_t start = ++c->at;
    size_t len = strcspn(c->text + start, "]");
    const char *zone = memchr(c->text + start, '%', len);
    size_t ip_len = zone != NULL ? (size_t)(zone - (c->text + start)) : len;
    char ip[INET6_ADDRSTRLEN];
    unsigned char ip6[16];
    if (len >= gasp_limit(ADDRESS_HOST) || ip_len >= sizeof ip)
        return false;
    memcpy(ip, c->text + start, ip_len);
    ip[ip_len] = '\0';
    if (uv_inet_pton(AF_INET6, ip, ip6) != 0)
        return false;
    for (size_t i = ip_len + 1; i < len; i++) {
        c->at = start + i;
        if (!is_name_char(c->text[c->at]))
            return false;
    }
    c->at = start + len;
    if (len == ip_len + 1 || c->text[c->at] != ']')
        return false;
    memcpy(out->host, c->text + start, len);
    out->host[len] = '\0';
    c->at++;
    return true;
}

static bool read_port(gasp_address *out, cursor *c)
{
    if (c->text[c->at] != ':')
        return false;
    c->at++;
    size_t start = c->at;
    uint32_t port = 0;
    for (; is_digit(c->text[c->at]); c->at++) {
        bool leading_zero = c->at == start + 1 && c->text[start] == '0';
        port = port * 10 + (uint32_t)(c->text[c->at] - '0');
        if (leading_zero || port > UINT16_MAX)
            return false;
    }
    out->port = (uint16_t)port;
    return c->at > start && c->text[c->at] == '\0';
}

static bool read_rest(gasp_address *out, cursor *c, size_t max)
{
    size_t len = strlen(c->text + c->at);
    if (len >= max) {
        c->at += max - 1;
        return false;
    }
    memcpy(out->rest, c->text + c->at, len + 1);
    if (strspn(out->rest, " \t\r\n") == len) {
        c->at += len;
        return false;
    }
    return true;
}

static bool read_address(gasp_address *out, cursor *c)
{
    if (skip_prefix(c, "tcp://")) {
        out->transport = GASP_TRANSPORT_TCP;
        bool host = c->text[c->at] == '[' ? read_bracketed(out, c) : read_name(out, c);
        return host && read_port(out, c);
    }
    if (skip_prefix(c, "unix:")) {
        out->transport = GASP_TRANSPORT_UNIX;
        return read_rest(out, c, gasp_limit(ADDRESS_PATH));
    }
    if (skip_prefix(c, "exec:")) {
        out->transport = GASP_TRANSPORT_EXEC;
        return read_rest(out, c, gasp_limit(ADDRESS_TEXT) - strlen("exec:"));
    }
    return false;
}

gasp_err gasp_address_parse(gasp_address *out, const char *text, gasp_fault *fault)
{
    gasp_address read;
    memset(&read, 0, sizeof read);
    cursor c = {text, 0};
    if (!read_address(&read, &c)) {
        if (fault != NULL)
            *fault = (gasp_fault){GASP_ERR_NET_ADDRESS, c.at, 0};
        return GASP_ERR_NET_ADDRESS;
    }
    *out = read;
    return GASP_OK;
}

void gasp_address_to_text(char out[GASP_ADDRESS_TEXT_MAX], const gasp_address *address)
{
    bool ip6 = strchr(address->host, ':') != NULL;
    switch (address->transport) {
    case GASP_TRANSPORT_TCP:
        (void)snprintf(out, GASP_ADDRESS_TEXT_MAX, "tcp://%s%s%s:%u", ip6 ? "[" : "", address->host, ip6 ? "]" : "",
                       (unsigned)address->port);
        return;
    case GASP_TRANSPORT_UNIX:
        (void)snprintf(out, GASP_ADDRESS_TEXT_MAX, "unix:%.*s", GASP_ADDRESS_PATH_MAX, address->rest);
        return;
    case GASP_TRANSPORT_EXEC:
        (void)snprintf(out, GASP_ADDRESS_TEXT_MAX, "exec:%.*s", GASP_ADDRESS_TEXT_MAX - 6, address->rest);
        return;
    case GASP_TRANSPORT_STDIO:
        break;
    }
    (void)snprintf(out, GASP_ADDRESS_TEXT_MAX, "stdio");
}

bool gasp_address_literal(struct sockaddr_storage *out, const gasp_address *address)
{
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;
    memset(out, 0, sizeof *out);
    if (uv_ip4_addr(address->host, address->port, &ip4) == 0) {
        memcpy(out, &ip4, sizeof ip4);
        return true;
    }
    if (uv_ip6_addr(address->host, address->port, &ip6) == 0) {
        memcpy(out, &ip6, sizeof ip6);
        return true;
    }
    return false;
}

void gasp_address_from_socket(gasp_address *out, const struct sockaddr *socket)
{
    memset(out, 0, sizeof *out);
    out->transport = GASP_TRANSPORT_TCP;
    if (socket->sa_family == AF_INET) {
        struct sockaddr_in ip4;
        memcpy(&ip4, socket, sizeof ip4);
        out->port = ntohs(ip4.sin_port);
        (void)uv_ip4_name(&ip4, out->host, sizeof out->host);
    } else if (socket->sa_family == AF_INET6) {
        struct sockaddr_in6 ip6;
        memcpy(&ip6, socket, sizeof ip6);
        out->port = ntohs(ip6.sin6_port);
        (void)uv_ip6_name(&ip6, out->host, sizeof out->host);
        char zone[UV_IF_NAMESIZE];
        size_t zone_len = sizeof zone;
        size_t len = strlen(out->host);
        if (ip6.sin6_scope_id != 0 && uv_if_indextoname(ip6.sin6_scope_id, zone, &zone_len) == 0)
            (void)snprintf(out->host + len, sizeof out->host - len, "%%%s", zone);
    }
}

bool gasp_address_is_loopback(const struct sockaddr *socket)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static const uint8_t one[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    if (socket->sa_family == AF_INET) {
        struct sockaddr_in ip4;
        memcpy(&ip4, socket, sizeof ip4);
        return ntohl(ip4.sin_addr.s_addr) >> 24 == 127;
    }
    if (socket->sa_family == AF_INET6) {
        struct sockaddr_in6 ip6;
        memcpy(&ip6, socket, sizeof ip6);
        const uint8_t *b = ip6.sin6_addr.s6_addr;
        return memcmp(b, one, sizeof one) == 0 || (memcmp(b, mapped, sizeof mapped) == 0 && b[12] == 127);
    }
    return false;
}
