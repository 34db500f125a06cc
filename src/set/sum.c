/* Numbers mod 2^256 and negentropy V1's fingerprint. A carry must pass through a limb of all ones (the vector of three
 * ids in tests/set/test_sum.c), so it is found on both additions of a limb. */
#include "crypto/hash.h"
#include "gasp/set.h"
#include "set/items.h"

#include <string.h>

enum {
    LIMBS = 4,
    VARINT_MAX = 10 /* base-128 digits of a u64 */
};

gasp_sum gasp_sum_add(gasp_sum a, gasp_sum b)
{
    gasp_sum out;
    uint64_t carry = 0;
    for (size_t i = 0; i < LIMBS; i++) {
        uint64_t part = a.limb[i] + carry;
        carry = part < carry;
        out.limb[i] = part + b.limb[i];
        carry += out.limb[i] < part;
    }
    return out;
}

gasp_sum gasp_sum_sub(gasp_sum a, gasp_sum b)
{
    gasp_sum out;
    uint64_t borrow = 0;
    for (size_t i = 0; i < LIMBS; i++) {
        uint64_t part = a.limb[i] - borrow;
        borrow = a.limb[i] < borrow;
        out.limb[i] = part - b.limb[i];
        borrow += part < b.limb[i];
    }
    return out;
}

/* Written out, so that a compiler makes one load of it. */
static uint64_t limb_at(const uint8_t *b)
{
    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 | (uint64_t)b[4] << 32 |
           (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 | (uint64_t)b[7] << 56;
}

gasp_sum gasp_sum_decode(const uint8_t bytes[32])
{
    gasp_sum sum;
    for (size_t i = 0; i < LIMBS; i++)
        sum.limb[i] = limb_at(bytes + 8 * i);
    return sum;
}

gasp_sum gasp_sum_of_id(const gasp_item_id *id)
{
    return gasp_sum_decode(id->b);
}

void gasp_sum_encode(uint8_t out[32], gasp_sum sum)
{
    for (size_t i = 0; i < 32; i++)
        out[i] = (uint8_t)(sum.limb[i / 8] >> (8 * (i % 8)));
}

/* Negentropy's varint: base 128, most significant digit first, the high bit on all but the last; how many bytes. */
static size_t varint(uint8_t out[VARINT_MAX], uint64_t value)
{
    size_t len = 1;
    for (uint64_t rest = value >> 7; rest != 0; rest >>= 7)
        len++;
    for (size_t i = len; i-- > 0; value >>= 7)
        out[i] = (uint8_t)((value & 0x7f) | (i + 1 < len ? 0x80 : 0));
    return len;
}

void gasp_sum_fingerprint(uint8_t out[16], gasp_sum sum, uint64_t count)
{
    uint8_t bytes[32 + VARINT_MAX];
    uint8_t hash[32];
    gasp_sum_encode(bytes, sum);
    size_t len = varint(bytes + 32, count);
    gasp_sha256_once(hash, bytes, 32 + len);
    memcpy(out, hash, 16);
}

bool gasp_set_summary_equal(const gasp_set_summary *a, const gasp_set_summary *b)
{
    return a->count == b->count && memcmp(a->sum, b->sum, sizeof a->sum) == 0 &&
           memcmp(a->fingerprint, b->fingerprint, sizeof a->fingerprint) == 0;
}
