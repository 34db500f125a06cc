/* The versions of the libraries that only this room includes. */
#include "crypto/versions.h"

#include <openssl/crypto.h>

const char *gasp_openssl_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}

const char *gasp_secp256k1_version(void)
{
    return GASP_SECP256K1_VERSION;
}
