/* What the library says of itself: versions, features and their names. */
#include <string.h>

#include "gasp/backup.h"
#include "gasp/version.h"
#include "lib/data.h"
#include "session/message.h"
#include "wallet/keys.h"

static void about(void **state)
{
    (void)state;
    gasp_about it = {.size = sizeof it};
    assert_err(gasp_about_get(&it), GASP_OK);
    assert_string_equal(it.version, gasp_version());
    assert_int_equal(it.protocol_min, GASP_PROTOCOL_VERSION);
    assert_int_equal(it.protocol_max, GASP_PROTOCOL_VERSION);
    assert_int_equal(it.layout, GASP_LAYOUT_VERSION);
    assert_int_equal(it.backup, GASP_BACKUP_FORM);
    /* Each begins with a number: what a library says of itself, not a word about it. */
    const char *const versions[] = {it.openssl, it.bloom, it.secp256k1};
    for (size_t i = 0; i < 3; i++)
        assert_true(versions[i][0] >= '0' && versions[i][0] <= '9' && strchr(versions[i], '.') != NULL);
    it.size--;
    assert_err(gasp_about_get(&it), GASP_ERR_MISUSE);
}

static void features(void **state)
{
    (void)state;
    size_t named = 0;
    gasp_about it = {.size = sizeof it};
    assert_err(gasp_about_get(&it), GASP_OK);
    for (uint64_t bit = 1; bit != 0; bit <<= 1) {
        assert_int_equal(gasp_feature_name(bit) != NULL, (it.features & bit) != 0);
        named += gasp_feature_name(bit) != NULL;
    }
    assert_true(named >= 3);
    assert_string_equal(gasp_feature_name(GASP_FEATURE_SKIP), "skip");
    assert_string_equal(gasp_feature_name(GASP_FEATURE_SPEND), "spend");
    assert_string_equal(gasp_feature_name(GASP_FEATURE_ROUNDS), "rounds");
    assert_string_equal(gasp_feature_name(GASP_FEATURE_ACCOUNT), "account");
    assert_null(gasp_feature_name(0));
    assert_null(gasp_feature_name(3)); /* two bits */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(about), cmocka_unit_test(features)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
