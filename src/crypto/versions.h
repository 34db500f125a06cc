/** Which libraries this room stands on. */
#ifndef GASP_CRYPTO_VERSIONS_H
#define GASP_CRYPTO_VERSIONS_H

/** OpenSSL's own version, of the library that runs ("3.0.15"); static storage. */
const char *gasp_openssl_version(void);

/** libsecp256k1 does not say its version: the one that was found when this was built; static storage. */
const char *gasp_secp256k1_version(void);

#endif
