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

/** What this library is, speaks and stands on: for a support request, and for a host that shows it. Texts are static
 *  storage. */
typedef struct gasp_about {
    size_t size;           /**< sizeof(gasp_about); set it before the call */
    const char *version;   /**< as gasp_version */
    uint16_t protocol_min; /**< versions of the protocol that it speaks (docs/protocol.md, "Growth") */
    uint16_t protocol_max;
    uint64_t features;     /**< bits that it offers a peer; gasp_feature_name has their names */
    uint32_t layout;       /**< version of the rows in a wallet's store; a store of a later one does not open */
    uint32_t backup;       /**< form of a backup file (gasp/backup.h) */
    const char *openssl;   /**< versions of the libraries that run: OpenSSL's libcrypto, */
    const char *bloom;     /**< libbloom, */
    const char *secp256k1; /**< and libsecp256k1, which says none: the one that this library was built with */
} gasp_about;

/** Fills it in.
 *  Errors: GASP_ERR_MISUSE  out->size is not that of this struct, or of a later one */
GASP_API gasp_err gasp_about_get(gasp_about *out) GASP_MUST_CHECK;

/** The name of one feature bit ("skip"); NULL for one that this version does not know. Static storage. */
GASP_API const char *gasp_feature_name(uint64_t feature);

#ifdef __cplusplus
}
#endif
#endif
