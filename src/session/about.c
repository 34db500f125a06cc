/* What this library speaks and stands on, said in one place. */
#include "crypto/versions.h"
#include "gasp/backup.h"
#include "gasp/version.h"
#include "session/message.h"
#include "set/bloom.h"
#include "wallet/keys.h"

gasp_err gasp_about_get(gasp_about *out)
{
    const gasp_about about = {.size = sizeof about,
                              .version = gasp_version(),
                              .protocol_min = GASP_PROTOCOL_VERSION,
                              .protocol_max = GASP_PROTOCOL_VERSION,
                              .features = GASP_FEATURES,
                              .layout = GASP_LAYOUT_VERSION,
                              .backup = GASP_BACKUP_FORM,
                              .openssl = gasp_openssl_version(),
                              .bloom = gasp_bloom_library(),
                              .secp256k1 = gasp_secp256k1_version()};
    if (out->size < sizeof about)
        return GASP_ERR_MISUSE;
    *out = about;
    return GASP_OK;
}

const char *gasp_feature_name(uint64_t feature)
{
    static const char *const names[] = {"skip", "spend", "rounds", "account"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (feature == (uint64_t)1 << i)
            return names[i];
    return NULL;
}
