/** Where a peer listens or is reached, in text:
 *
 *      tcp://HOST:PORT   HOST is an IPv4 address, an IPv6 address in [ ] (with %zone if need be), or a name
 *      unix:PATH         PATH as the system takes it, at most 107 bytes
 *      exec:COMMAND      all that follows is given to /bin/sh -c; its standard input and output are the connection
 *
 *  Nothing is resolved or opened here.
 */
#ifndef GASP_NET_ADDRESS_H
#define GASP_NET_ADDRESS_H

#include "base/limits.h"
#include "gasp/types.h"

struct sockaddr;
struct sockaddr_storage;

typedef enum gasp_transport {
    GASP_TRANSPORT_TCP = 1,
    GASP_TRANSPORT_UNIX = 2,
    GASP_TRANSPORT_EXEC = 3,
    GASP_TRANSPORT_STDIO = 4 /**< a stream of this process's own; has no address in text */
} gasp_transport;

enum {
    GASP_ADDRESS_TEXT_MAX =
        GASP_LIMIT_ADDRESS_TEXT, /**< any address with its NUL; a command longer than this belongs into a script */
    GASP_ADDRESS_HOST_MAX =
        GASP_LIMIT_ADDRESS_HOST, /**< a domain name has at most 253 characters (RFC 1035, section 2.3.4) */
    GASP_ADDRESS_PATH_MAX =
        GASP_LIMIT_ADDRESS_PATH /**< sun_path of Linux, with its NUL; libuv would cut a longer one */
};

typedef struct gasp_address {
    gasp_transport transport;
    uint16_t port;                    /**< tcp */
    char host[GASP_ADDRESS_HOST_MAX]; /**< tcp; without [ ] */
    char rest[GASP_ADDRESS_TEXT_MAX]; /**< unix: the path; exec: the command */
} gasp_address;

/** Reads an address. Port 0 is read (a listener may have it). Numbers in the place of a name must be a full IPv4
 * address: the short and octal forms that resolvers know (127.1, 0177.0.0.1) are refused, since they hide where they
 * lead. Errors: GASP_ERR_NET_ADDRESS  none of the forms above; fault->at is the offset of the first character that does
 * not fit (the length of the text when something is missing). *out is untouched */
gasp_err gasp_address_parse(gasp_address *out, const char *text, gasp_fault *fault) GASP_MUST_CHECK;

/** Writes it so that gasp_address_parse reads the same again. */
void gasp_address_to_text(char out[GASP_ADDRESS_TEXT_MAX], const gasp_address *address);

/** The socket address when host is a number; false when it is a name. */
bool gasp_address_literal(struct sockaddr_storage *out, const gasp_address *address);

/** A resolved IPv4 or IPv6 address as a gasp_address of tcp. */
void gasp_address_from_socket(gasp_address *out, const struct sockaddr *socket);

/** Whether a resolved address can only be reached from this machine: 127.0.0.0/8, ::1, and the first mapped into IPv6.
 */
bool gasp_address_is_loopback(const struct sockaddr *socket);

#endif
