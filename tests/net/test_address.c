/* Addresses: tables of what is read, what is refused and where, and which resolved addresses are loopback. */
#include "net/address.h"

#include <string.h>
#include <uv.h>

#include "lib/data.h"

typedef struct good {
    const char *text;
    gasp_transport transport;
    uint16_t port;
    const char *host;
    const char *rest;
    bool literal;
} good;

static const good goods[] = {
    {"tcp://127.0.0.1:5123", GASP_TRANSPORT_TCP, 5123, "127.0.0.1", "", true},
    {"tcp://0.0.0.0:0", GASP_TRANSPORT_TCP, 0, "0.0.0.0", "", true},
    {"tcp://255.255.255.255:65535", GASP_TRANSPORT_TCP, 65535, "255.255.255.255", "", true},
    {"tcp://[::1]:80", GASP_TRANSPORT_TCP, 80, "::1", "", true},
    {"tcp://[::]:1", GASP_TRANSPORT_TCP, 1, "::", "", true},
    {"tcp://[2001:db8::ff00:42:8329]:443", GASP_TRANSPORT_TCP, 443, "2001:db8::ff00:42:8329", "", true},
    {"tcp://[::ffff:127.0.0.1]:9", GASP_TRANSPORT_TCP, 9, "::ffff:127.0.0.1", "", true},
    {"tcp://[fe80::1%eth0]:9", GASP_TRANSPORT_TCP, 9, "fe80::1%eth0", "", true},
    {"tcp://localhost:22", GASP_TRANSPORT_TCP, 22, "localhost", "", false},
    {"tcp://wallet-1.example.org:22", GASP_TRANSPORT_TCP, 22, "wallet-1.example.org", "", false},
    {"tcp://my_nas.local.:22", GASP_TRANSPORT_TCP, 22, "my_nas.local.", "", false},
    {"tcp://3com.example:22", GASP_TRANSPORT_TCP, 22, "3com.example", "", false},
    {"unix:/run/gasp.sock", GASP_TRANSPORT_UNIX, 0, "", "/run/gasp.sock", false},
    {"unix:relative path with spaces", GASP_TRANSPORT_UNIX, 0, "", "relative path with spaces", false},
    {"unix://tmp/x", GASP_TRANSPORT_UNIX, 0, "", "//tmp/x", false},
    {"exec:ssh host gasp serve w --stdio", GASP_TRANSPORT_EXEC, 0, "", "ssh host gasp serve w --stdio", false},
    {"exec:'a b' \"c\" | tcp://x:1", GASP_TRANSPORT_EXEC, 0, "", "'a b' \"c\" | tcp://x:1", false},
};

typedef struct bad {
    const char *text;
    uint64_t at;
} bad;

static const bad bads[] = {
    {"", 0},
    {"tcp", 0},
    {"tcp:127.0.0.1:1", 0},
    {"TCP://127.0.0.1:1", 0},
    {"http://127.0.0.1:1", 0},
    {"127.0.0.1:1", 0},
    {" tcp://127.0.0.1:1", 0},
    {"tcp://", 6},
    {"tcp://:80", 6},
    {"tcp://host", 10},
    {"tcp://host:", 11},
    {"tcp://host:x", 11},
    {"tcp://host:-1", 11},
    {"tcp://host:+1", 11},
    {"tcp://host: 1", 11},
    {"tcp://host:00", 12},
    {"tcp://host:080", 12},
    {"tcp://host:65536", 15},
    {"tcp://host:99999999999999999999", 15},
    {"tcp://host:80/", 13},
    {"tcp://host:80 ", 13},
    {"tcp://user@host:80", 10},
    {"tcp://.host:80", 6},
    {"tcp://a..b:80", 8},
    {"tcp://-a:80", 6},
    {"tcp://a.-b:80", 8},
    {"tcp://ho\xc3\xa9:80", 8},
    {"tcp://::1:80", 6},
    {"tcp://127.1:80", 6},
    {"tcp://2130706433:80", 6},
    {"tcp://0177.0.0.1:80", 6},
    {"tcp://0x7f000001:80", 6},
    {"tcp://a.0x1:80", 6},
    {"tcp://127.0.0.256:80", 6},
    {"tcp://1.2.3.4.5:80", 6},
    {"tcp://[127.0.0.1]:80", 7},
    {"tcp://[]:80", 7},
    {"tcp://[::1", 10},
    {"tcp://[::1]", 11},
    {"tcp://[::1]80", 11},
    {"tcp://[:::1]:80", 7},
    {"tcp://[fe80::1%]:80", 15},
    {"tcp://[fe80::1%a/b]:80", 16},
    {"unix:", 5},
    {"unix:  ", 7},
    {"exec:", 5},
    {"exec: \t", 7},
};

static void readable(void **state)
{
    (void)state;
    const size_t n = sizeof goods / sizeof goods[0];
    for (size_t i = 0; i < n; i++) {
        gasp_address a;
        gasp_address again;
        char text[GASP_ADDRESS_TEXT_MAX];
        struct sockaddr_storage socket;
        if (gasp_address_parse(&a, goods[i].text, NULL) != GASP_OK)
            fail_msg("%s: refused", goods[i].text);
        assert_int_equal(a.transport, goods[i].transport);
        assert_int_equal(a.port, goods[i].port);
        assert_string_equal(a.host, goods[i].host);
        assert_string_equal(a.rest, goods[i].rest);
        assert_int_equal(gasp_address_literal(&socket, &a), goods[i].literal);
        gasp_address_to_text(text, &a);
        assert_string_equal(text, goods[i].text);
        assert_err(gasp_address_parse(&again, text, NULL), GASP_OK);
        assert_memory_equal(&a, &again, sizeof a);
    }
    printf("addresses read: %zu of 17\n", n);
    assert_int_equal(n, 17);
}

static void refused_with_place(void **state)
{
    (void)state;
    const size_t n = sizeof bads / sizeof bads[0];
    for (size_t i = 0; i < n; i++) {
        gasp_address a;
        memset(&a, 0x5a, sizeof a);
        gasp_address before = a;
        gasp_fault fault = {GASP_OK, 999, 7};
        gasp_err err = gasp_address_parse(&a, bads[i].text, &fault);
        if (err != GASP_ERR_NET_ADDRESS || fault.err != err || fault.at != bads[i].at)
            fail_msg("\"%s\": %d at %llu", bads[i].text, (int)err, (unsigned long long)fault.at);
        assert_memory_equal(&a, &before, sizeof a);
        assert_err(gasp_address_parse(&a, bads[i].text, NULL), GASP_ERR_NET_ADDRESS);
    }
    printf("addresses refused: %zu of 47\n", n);
    assert_int_equal(n, 47);
}

/* text, then `fill` times 'a', then tail */
static gasp_err parse_long(gasp_address *out, const char *text, size_t fill, const char *tail, uint64_t *at)
{
    static char whole[2 * GASP_ADDRESS_TEXT_MAX];
    size_t len = strlen(text);
    memcpy(whole, text, len);
    memset(whole + len, 'a', fill);
    memcpy(whole + len + fill, tail, strlen(tail) + 1);
    gasp_fault fault = {GASP_OK, 0, 0};
    gasp_err err = gasp_address_parse(out, whole, &fault);
    *at = fault.at;
    return err;
}

static void lengths(void **state)
{
    (void)state;
    gasp_address a;
    uint64_t at;
    assert_err(parse_long(&a, "tcp://", 253, ":1", &at), GASP_OK);
    assert_err(parse_long(&a, "tcp://", 254, ":1", &at), GASP_ERR_NET_ADDRESS);
    assert_int_equal(at, 6 + 253);
    assert_err(parse_long(&a, "tcp://[", 300, "]:1", &at), GASP_ERR_NET_ADDRESS);
    assert_err(parse_long(&a, "tcp://[fe80::1%", 300, "]:1", &at), GASP_ERR_NET_ADDRESS);
    assert_err(parse_long(&a, "unix:", 107, "", &at), GASP_OK);
    assert_err(parse_long(&a, "unix:", 108, "", &at), GASP_ERR_NET_ADDRESS);
    assert_int_equal(at, 5 + 107);
    assert_err(parse_long(&a, "exec:", GASP_ADDRESS_TEXT_MAX - 6, "", &at), GASP_OK);
    char text[GASP_ADDRESS_TEXT_MAX];
    gasp_address_to_text(text, &a);
    assert_int_equal(strlen(text), GASP_ADDRESS_TEXT_MAX - 1);
    assert_err(parse_long(&a, "exec:", GASP_ADDRESS_TEXT_MAX - 5, "", &at), GASP_ERR_NET_ADDRESS);
    assert_int_equal(at, GASP_ADDRESS_TEXT_MAX - 1);
}

static void loopback(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool loopback;
    } rows[] = {
        {"127.0.0.1", true},
        {"127.255.255.254", true},
        {"128.0.0.1", false},
        {"126.255.255.255", false},
        {"0.0.0.0", false},
        {"10.0.0.1", false},
        {"::1", true},
        {"::", false},
        {"::2", false},
        {"::ffff:127.0.0.1", true},
        {"::ffff:10.0.0.1", false},
        {"::127.0.0.1", false},
        {"64:ff9b::127.0.0.1", false},
        {"fe80::1", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gasp_address a;
        struct sockaddr_storage socket;
        memset(&a, 0, sizeof a);
        a.transport = GASP_TRANSPORT_TCP;
        a.port = 77;
        memcpy(a.host, rows[i].host, strlen(rows[i].host) + 1);
        assert_true(gasp_address_literal(&socket, &a));
        if (gasp_address_is_loopback((const struct sockaddr *)&socket) != rows[i].loopback)
            fail_msg("%s", rows[i].host);
        gasp_address back;
        struct sockaddr_storage again;
        gasp_address_from_socket(&back, (const struct sockaddr *)&socket);
        assert_int_equal(back.port, 77);
        assert_true(gasp_address_literal(&again, &back));
        assert_memory_equal(&again, &socket, sizeof socket);
    }
    struct sockaddr other;
    memset(&other, 0, sizeof other);
    other.sa_family = AF_UNIX;
    assert_false(gasp_address_is_loopback(&other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readable),
        cmocka_unit_test(refused_with_place),
        cmocka_unit_test(lengths),
        cmocka_unit_test(loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
