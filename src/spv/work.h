/** Numbers of 256 bits, targets and work: exact, of fixed size, no allocation, nothing that can fail unseen.
 *
 *  A *target* is the largest hash that a header may have. *nBits* is its four-byte form in the header: one byte of
 *  length, three of mantissa with a sign bit. *Work* is the number of hashes that a target takes on average:
 *  2^256 / (target + 1). Division is exact long division, since one unit of difference in a target is another nBits and
 *  so another chain. out may be the same object as any argument, everywhere.
 */
#ifndef GASP_SPV_WORK_H
#define GASP_SPV_WORK_H

#include "gasp/types.h"

/** 0 .. 2^256 - 1; the least significant 32 bits stand in w[0]. */
typedef struct gasp_u256 {
    uint32_t w[8];
} gasp_u256;

gasp_u256 gasp_u256_of(uint64_t value);

/** 32 bytes, the most significant first, as gasp_work holds them. */
gasp_u256 gasp_u256_from_be(const uint8_t be[32]);

/** 32 bytes, the least significant first, as a hash in internal order is read when compared with a target. */
gasp_u256 gasp_u256_from_le(const uint8_t le[32]);
void gasp_u256_to_be(uint8_t be[32], const gasp_u256 *a);

/** Below 0, 0 or above 0 as a is less than, equal to or greater than b. */
int gasp_u256_compare(const gasp_u256 *a, const gasp_u256 *b);

/** Bits up to the highest one that is set: 0 for 0, 256 for the greatest. */
unsigned gasp_u256_bits(const gasp_u256 *a);

/** Each of the next three: the result modulo 2^256, and true when that is not the whole result. */
bool gasp_u256_add(gasp_u256 *out, const gasp_u256 *a, const gasp_u256 *b);
bool gasp_u256_sub(gasp_u256 *out, const gasp_u256 *a, const gasp_u256 *b);
bool gasp_u256_mul(gasp_u256 *out, const gasp_u256 *a, uint32_t b);

/** Shifts by n < 256 bits; what leaves is lost. */
void gasp_u256_shift_left(gasp_u256 *out, const gasp_u256 *a, unsigned n);
void gasp_u256_shift_right(gasp_u256 *out, const gasp_u256 *a, unsigned n);

/** Quotient and remainder of a / b; either may be NULL. False, with nothing written, when b is 0. */
bool gasp_u256_divide(gasp_u256 *quotient, gasp_u256 *remainder, const gasp_u256 *a, const gasp_u256 *b);

/** The target that nBits stands for. False, with *target untouched, when that is no positive number below 2^256. */
bool gasp_target_from_bits(gasp_u256 *target, uint32_t bits);

/** nBits of a target: its three leading bytes, rounded down, never with the sign bit. */
uint32_t gasp_target_to_bits(const gasp_u256 *target);

/** 2^256 / (target + 1), rounded down; at least 1. */
void gasp_target_to_work(gasp_u256 *work, const gasp_u256 *target);

/** (2^256 - work) / work, rounded down: the target that takes this much work. The greatest target for work 0. */
void gasp_target_from_work(gasp_u256 *target, const gasp_u256 *work);

/** Which of two chains has more work: below 0, 0 or above 0. The best chain is the one with the most; between equals
 *  the one seen first stays, so a newcomer wins only when this is above 0 for (newcomer, present). */
int gasp_work_compare(const gasp_work *a, const gasp_work *b);

/** Sums and differences of accumulated work; true when the result leaves 0 .. 2^256 - 1, with *out then modulo 2^256.
 */
bool gasp_work_add(gasp_work *out, const gasp_work *a, const gasp_work *b);
bool gasp_work_sub(gasp_work *out, const gasp_work *a, const gasp_work *b);

/** Work of one header with these nBits. False, with *out untouched, when they are no target. */
bool gasp_work_of_bits(gasp_work *out, uint32_t bits);

#endif
