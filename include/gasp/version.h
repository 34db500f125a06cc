/** The version of this library. The build reads the three numbers from here, so this is the only place that names them. */
#ifndef GASP_VERSION_H
#define GASP_VERSION_H

#include "gasp/types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GASP_VERSION_MAJOR = 0, GASP_VERSION_MINOR = 1, GASP_VERSION_PATCH = 0 };

/** The version of the library that is running, as "MAJOR.MINOR.PATCH"; static storage.
 *  Compare with the numbers above to see whether headers and library belong together. */
GASP_API const char *gasp_version(void);

#ifdef __cplusplus
}
#endif
#endif
