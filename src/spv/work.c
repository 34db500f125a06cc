/* 256-bit numbers in eight words of 32 bits, so that products and partial quotients fit 64 bits on every platform.
 * Results are built in a local and stored at the end: out may alias an argument. Never rounds other than as work.h
 * says. */
#include "spv/work.h"

#include <string.h>

enum {
    WORDS = 8,
    SIGN = 0x00800000, /* of the mantissa of nBits: set means a negative number, which no target is */
    MANTISSA = 0x007fffff
};

gasp_u256 gasp_u256_of(uint64_t value)
{
    return (gasp_u256){{(uint32_t)value, (uint32_t)(value >> 32)}};
}

gasp_u256 gasp_u256_from_le(const uint8_t le[32])
{
    gasp_u256 out = {{0}};
    for (unsigned i = 0; i < 32; i++)
        out.w[i / 4] |= (uint32_t)le[i] << (8 * (i % 4));
    return out;
}

gasp_u256 gasp_u256_from_be(const uint8_t be[32])
{
    gasp_u256 out = {{0}};
    for (unsigned i = 0; i < 32; i++)
        out.w[i / 4] |= (uint32_t)be[31 - i] << (8 * (i % 4));
    return out;
}

void gasp_u256_to_be(uint8_t be[32], const gasp_u256 *a)
{
    for (unsigned i = 0; i < 32; i++)
        be[31 - i] = (uint8_t)(a->w[i / 4] >> (8 * (i % 4)));
}

int gasp_u256_compare(const gasp_u256 *a, const gasp_u256 *b)
{
    for (unsigned i = WORDS; i-- > 0;)
        if (a->w[i] != b->w[i])
            return a->w[i] < b->w[i] ? -1 : 1;
    return 0;
}

static unsigned bits_of_word(uint32_t word)
{
    unsigned bits = 0;
    for (; word != 0; word >>= 1)
        bits++;
    return bits;
}

static unsigned words_of(const gasp_u256 *a)
{
    unsigned n = WORDS;
    while (n > 0 && a->w[n - 1] == 0)
        n--;
    return n;
}

unsigned gasp_u256_bits(const gasp_u256 *a)
{
    unsigned n = words_of(a);
    return n == 0 ? 0 : 32 * (n - 1) + bits_of_word(a->w[n - 1]);
}

bool gasp_u256_add(gasp_u256 *out, const gasp_u256 *a, const gasp_u256 *b)
{
    uint64_t carry = 0;
    for (unsigned i = 0; i < WORDS; i++) {
        carry += (uint64_t)a->w[i] + b->w[i];
        out->w[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return carry != 0;
}

bool gasp_u256_sub(gasp_u256 *out, const gasp_u256 *a, const gasp_u256 *b)
{
    uint32_t borrow = 0;
    for (unsigned i = 0; i < WORDS; i++) {
        uint64_t word = (uint64_t)a->w[i] - b->w[i] - borrow;
        out->w[i] = (uint32_t)word;
        borrow = (uint32_t)(word >> 63);
    }
    return borrow != 0;
}

bool gasp_u256_mul(gasp_u256 *out, const gasp_u256 *a, uint32_t b)
{
    uint64_t carry = 0;
    for (unsigned i = 0; i < WORDS; i++) {
        carry += (uint64_t)a->w[i] * b;
        out->w[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return carry != 0;
}

void gasp_u256_shift_left(gasp_u256 *out, const gasp_u256 *a, unsigned n)
{
    gasp_u256 shifted = {{0}};
    unsigned words = n / 32, bits = n % 32;
    for (unsigned i = words; i < WORDS; i++) {
        uint64_t pair = (uint64_t)a->w[i - words] << 32 | (i > words ? a->w[i - words - 1] : 0);
        shifted.w[i] = (uint32_t)(pair << bits >> 32);
    }
    *out = shifted;
}

void gasp_u256_shift_right(gasp_u256 *out, const gasp_u256 *a, unsigned n)
{
    gasp_u256 shifted = {{0}};
    unsigned words = n / 32, bits = n % 32;
    for (unsigned i = 0; i + words < WORDS; i++) {
        uint64_t high = i + words + 1 < WORDS ? a->w[i + words + 1] : 0;
        shifted.w[i] = (uint32_t)((high << 32 | a->w[i + words]) >> bits);
    }
    *out = shifted;
}

static uint32_t divide_by_word(gasp_u256 *quotient, const gasp_u256 *a, uint32_t b)
{
    uint64_t rest = 0;
    for (unsigned i = WORDS; i-- > 0;) {
        rest = rest << 32 | a->w[i];
        quotient->w[i] = (uint32_t)(rest / b);
        rest %= b;
    }
    return (uint32_t)rest;
}

/* One word of the quotient, step D3 of Knuth's algorithm D (The Art of Computer Programming 4.3.1): from the three
 * leading words of what is left and the two of the divisor, whose top bit is set. At most one too large. */
static uint64_t guess_word(const uint32_t *left, const gasp_u256 *by, unsigned n)
{
    uint64_t lead = (uint64_t)left[n] << 32 | left[n - 1];
    uint64_t top = by->w[n - 1] != 0 ? by->w[n - 1] : 1; /* never 0: the top bit is set */
    uint64_t guess = lead / top, rest = lead % top;
    while (guess >> 32 != 0 || guess * by->w[n - 2] > (rest << 32 | left[n - 2])) {
        guess--;
        rest += by->w[n - 1];
        if (rest >> 32 != 0)
            break;
    }
    return guess;
}

/* Steps D4 to D6: left -= guess * by, and once back when the guess was one too large. The word that holds. */
static uint32_t take_word(uint32_t *left, const gasp_u256 *by, unsigned n, uint64_t guess)
{
    uint64_t carry = 0, borrow = 0;
    for (unsigned i = 0; i <= n; i++) {
        carry += i < n ? guess * by->w[i] : 0;
        uint64_t word = (uint64_t)left[i] - (uint32_t)carry - borrow;
        left[i] = (uint32_t)word;
        borrow = word >> 63;
        carry >>= 32;
    }
    if (borrow == 0)
        return (uint32_t)guess;
    carry = 0;
    for (unsigned i = 0; i <= n; i++) {
        carry += (uint64_t)left[i] + (i < n ? by->w[i] : 0);
        left[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return (uint32_t)(guess - 1);
}

static void divide_long(gasp_u256 *quotient, gasp_u256 *remainder, const gasp_u256 *a, const gasp_u256 *b, unsigned n)
{
    unsigned shift = 32 - bits_of_word(b->w[n - 1]);
    gasp_u256 by, low;
    gasp_u256_shift_left(&by, b, shift);
    gasp_u256_shift_left(&low, a, shift);
    uint32_t left[WORDS + 1];
    memcpy(left, low.w, sizeof low.w);
    left[WORDS] = (uint32_t)((uint64_t)a->w[WORDS - 1] << shift >> 32);
    for (unsigned i = WORDS - n + 1; i-- > 0;)
        quotient->w[i] = take_word(left + i, &by, n, guess_word(left + i, &by, n));
    memcpy(remainder->w, left, n * sizeof left[0]);
    gasp_u256_shift_right(remainder, remainder, shift);
}

bool gasp_u256_divide(gasp_u256 *quotient, gasp_u256 *remainder, const gasp_u256 *a, const gasp_u256 *b)
{
    gasp_u256 whole = {{0}}, rest = {{0}};
    unsigned n = words_of(b);
    if (n == 0)
        return false;
    if (n == 1)
        rest.w[0] = divide_by_word(&whole, a, b->w[0]);
    else
        divide_long(&whole, &rest, a, b, n);
    if (quotient != NULL)
        *quotient = whole;
    if (remainder != NULL)
        *remainder = rest;
    return true;
}

bool gasp_target_from_bits(gasp_u256 *target, uint32_t bits)
{
    uint32_t len = bits >> 24, mantissa = bits & MANTISSA;
    if (len < 3)
        mantissa >>= 8 * (3 - len);
    if (mantissa == 0 || (bits & SIGN) != 0)
        return false;
    unsigned shift = len < 3 ? 0 : 8 * (len - 3);
    if (bits_of_word(mantissa) + shift > 256)
        return false;
    gasp_u256 small = gasp_u256_of(mantissa);
    gasp_u256_shift_left(target, &small, shift);
    return true;
}

uint32_t gasp_target_to_bits(const gasp_u256 *target)
{
    uint32_t len = (gasp_u256_bits(target) + 7) / 8, mantissa;
    gasp_u256 lead;
    if (len <= 3) {
        mantissa = target->w[0] << (8 * (3 - len));
    } else {
        gasp_u256_shift_right(&lead, target, 8 * (len - 3));
        mantissa = lead.w[0];
    }
    if ((mantissa & SIGN) != 0) {
        mantissa >>= 8;
        len++;
    }
    return len << 24 | mantissa;
}

/* 2^256 does not fit: (2^256 - x) / x, where 2^256 - x is the negative of x, is one less than 2^256 / x. */
static bool divide_power_less_one(gasp_u256 *out, const gasp_u256 *x)
{
    const gasp_u256 zero = {{0}};
    gasp_u256 negative;
    gasp_u256_sub(&negative, &zero, x);
    return gasp_u256_divide(out, NULL, &negative, x);
}

void gasp_target_to_work(gasp_u256 *work, const gasp_u256 *target)
{
    const gasp_u256 one = gasp_u256_of(1);
    gasp_u256 next, less_one = {{0}};
    if (!gasp_u256_add(&next, target, &one))
        divide_power_less_one(&less_one, &next);
    gasp_u256_add(work, &less_one, &one);
}

void gasp_target_from_work(gasp_u256 *target, const gasp_u256 *work)
{
    if (!divide_power_less_one(target, work))
        memset(target, 0xff, sizeof *target);
}

int gasp_work_compare(const gasp_work *a, const gasp_work *b)
{
    return memcmp(a->be, b->be, sizeof a->be);
}

bool gasp_work_add(gasp_work *out, const gasp_work *a, const gasp_work *b)
{
    gasp_u256 x = gasp_u256_from_be(a->be), y = gasp_u256_from_be(b->be);
    bool over = gasp_u256_add(&x, &x, &y);
    gasp_u256_to_be(out->be, &x);
    return over;
}

bool gasp_work_sub(gasp_work *out, const gasp_work *a, const gasp_work *b)
{
    gasp_u256 x = gasp_u256_from_be(a->be), y = gasp_u256_from_be(b->be);
    bool under = gasp_u256_sub(&x, &x, &y);
    gasp_u256_to_be(out->be, &x);
    return under;
}

bool gasp_work_of_bits(gasp_work *out, uint32_t bits)
{
    gasp_u256 target, work;
    if (!gasp_target_from_bits(&target, bits))
        return false;
    gasp_target_to_work(&work, &target);
    gasp_u256_to_be(out->be, &work);
    return true;
}
