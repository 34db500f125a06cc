/** What went wrong below: a code for programs and one line for people, of bounded length, held in the object concerned.
 */
#ifndef GASP_NET_ERROR_H
#define GASP_NET_ERROR_H

#include "gasp/types.h"

/** Characters in the text of a network error, its NUL included: a path or host in part, and what the system says. */
enum { GASP_NET_ERROR_TEXT_MAX = 240 };

typedef struct gasp_net_error {
    gasp_err err;                       /**< GASP_OK when nothing failed */
    char text[GASP_NET_ERROR_TEXT_MAX]; /**< "" when nothing failed; cut when it does not fit */
} gasp_net_error;

/** Sets both. detail may be NULL; otherwise the text is "what: detail". error may be NULL: nothing is kept. Answers
 * err. */
gasp_err gasp_net_error_set(gasp_net_error *error, gasp_err err, const char *what, const char *detail);

/** The same with what the system says about a libuv status (negative errno) as the detail. */
gasp_err gasp_net_error_set_uv(gasp_net_error *error, gasp_err err, const char *what, int status);

#endif
