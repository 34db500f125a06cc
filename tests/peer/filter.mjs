// The set phase: filters over outpoints and items, in parts.
import { bit, need, tagged, times } from './bytes.mjs';
import { sumBytes, total } from './values.mjs';

const BITS = -Math.log(1e-6) / Math.LN2 ** 2; // of each element, for one false positive in a million
const LAST = Buffer.alloc(32, 255);
export const PART = 65536;

function murmur2(data, seed) {
  const M = 0x5bd1e995;
  let h = (seed ^ data.length) >>> 0;
  for (let i = 0; i + 4 <= data.length; i += 4) {
    let k = Math.imul(data.readUInt32LE(i), M);
    k = Math.imul(k ^ (k >>> 24), M);
    h = Math.imul(h, M) ^ k;
  }
  h = Math.imul(h ^ (h >>> 13), M); // elements have 16 bytes: no tail
  return (h ^ (h >>> 15)) >>> 0;
}
function probes(key, x, k, m) {
  const element = tagged('gasp/bloom/1', key, x).subarray(0, 16);
  const a = murmur2(element, 0x9747b28c), b = murmur2(element, a);
  return times(k, (i) => ((a + Math.imul(i, b)) >>> 0) % m);
}
export const has = (part, x) => probes(part.key, x, part.k, part.m).every((at) => bit(part.bits, at));
export const elementsOf = (item, match) => (match === 2 ? [item.op] : [item.op, item.id]);

/** FILTER messages over items that ascend by outpoint id. */
export function makeFilter(items, match, key) {
  return times(Math.max(1, Math.ceil(items.length / PART)), (n) => {
    const mine = items.slice(n * PART, (n + 1) * PART), last = (n + 1) * PART >= items.length ? 1 : 0;
    const m = Math.floor(Math.max(1000, mine.length * (match === 2 ? 1 : 2)) * BITS), bits = Buffer.alloc((m + 7) >> 3);
    for (const item of mine)
      for (const x of elementsOf(item, match))
        for (const at of probes(key, x, 20, m)) bits[at >> 3] |= 1 << (at & 7);
    return { last, bound: last ? LAST : mine[mine.length - 1].oid, count: mine.length,
      sum: sumBytes(total(mine.map((i) => i.id)).sum), key, k: 20, m, bits };
  });
}

/** What a part has to fulfil beside its form; `before` is the bound of the part before it, or null. */
export function checkPart(part, before) {
  const set = part.bits.reduce((n, byte) => { for (; byte; byte &= byte - 1) n++; return n; }, 0);
  need(part.m % 8 === 0 || part.bits[part.bits.length - 1] >> (part.m % 8) === 0, 'a bit past the end');
  need((set / part.m) ** part.k <= 0.75, 'a filter that hides');
  need(!before || before.compare(part.bound) < 0, 'bounds do not ascend');
  need(part.last === (part.bound.equals(LAST) ? 1 : 0), 'the last part, or its bound');
}

/** Of the items between two bounds, those that are missing at the receiver; `known` where it has another state. */
export function missing(part, before, items, match) {
  const mine = items.filter((i) => (!before || i.oid.compare(before) > 0) && i.oid.compare(part.bound) <= 0);
  if (mine.length === part.count && sumBytes(total(mine.map((i) => i.id)).sum).equals(part.sum)) return [];
  return mine.filter((i) => !has(part, match === 2 ? i.op : i.id))
    .map((item) => ({ item, known: match === 1 && has(part, item.op) }));
}
