/* Texts for failures of the operating system. Never allocates, so it can report that memory is out. */
#include "net/error.h"

#include <stdio.h>
#include <uv.h>

gasp_err gasp_net_error_set(gasp_net_error *error, gasp_err err, const char *what, const char *detail)
{
    if (error == NULL)
        return err;
    error->err = err;
    (void)snprintf(error->text, sizeof error->text, "%s%s%s", what, detail != NULL ? ": " : "",
                   detail != NULL ? detail : "");
    return err;
}

gasp_err gasp_net_error_set_uv(gasp_net_error *error, gasp_err err, const char *what, int status)
{
    char detail[96];
    return gasp_net_error_set(error, err, what, uv_strerror_r(status, detail, sizeof detail));
}
