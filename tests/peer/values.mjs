// What both sides compute alike: entries, state hashes, items, sums, summaries, the account's fingerprints.
import { Reader, cat, compact, flip, hex, need, sha256, sized, tagged, times, u16, u32, u64, u8 } from './bytes.mjs';

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
function goodName(name) {
  if (name.length < 1) return false;
  try {
    return ![...text.decode(name)].some((c) => c < ' ' || (c >= '\x7f' && c <= '\x9f'));
  } catch {
    return false;
  }
}

// An entry: {author, vout (undefined: of the transaction), name, time, value}. The order of identifiers within one
// transaction does not need the txid: "out/<txid>." and "tx/<txid>/" are the same in all of them.
const subject = (e) => (e.vout === undefined ? 't' : `o${e.vout}/`);
const identifier = (e) => cat(e.author, Buffer.from(subject(e)), e.name);

export function readEntries(r) {
  const n = r.count(44);
  need(n <= 4096, 'too many entries');
  let before = null;
  const subjects = new Map();
  return times(n, () => {
    const author = r.bytes(32), flags = r.u8();
    need(flags < 2, 'flags of an entry');
    const vout = flags ? r.u32() : undefined, name = r.bytes(r.u8());
    need(goodName(name), 'name of an entry');
    const time = r.u64(), length = r.big();
    need(length <= 4096n, 'value of an entry');
    const e = { author, vout, name, time, value: r.bytes(Number(length)) };
    const id = identifier(e), of = hex(author) + subject(e);
    need(!before || before.compare(id) < 0, 'entries do not ascend');
    before = id;
    subjects.set(of, (subjects.get(of) ?? 0) + 1);
    need(subjects.get(of) <= 128, 'too many entries of a subject');
    return e;
  });
}
export const parseEntries = (bytes) => { const r = new Reader(bytes); const e = readEntries(r); r.end(); return e; };
export const writeEntries = (list) => cat(compact(list.length), ...list.map((e) => cat(e.author,
  e.vout === undefined ? u8(0) : cat(u8(1), u32(e.vout)), u8(e.name.length), e.name, u64(e.time), sized(e.value))));

function greater(a, b) { // of two entries with one identifier
  if (a.time !== b.time) return a.time > b.time;
  return (sha256(a.value).compare(sha256(b.value)) || a.value.length - b.value.length) > 0;
}
export function join(a, b) {
  const out = new Map();
  for (const e of [...a, ...b]) {
    const id = hex(identifier(e)), other = out.get(id);
    if (!other || greater(e, other)) out.set(id, e);
  }
  return [...out.keys()].sort().map((id) => out.get(id));
}

export function entriesDigest(op, entries, anchored) {
  const txid = hex(flip(op.subarray(0, 32))), vout = op.readUInt32LE(32);
  const counted = entries.filter((e) => (e.vout === undefined
    ? !(anchored && e.name.equals(Buffer.from('broadcast'))) : e.vout === vout));
  return tagged('gasp/entries/1', ...counted.map((e) => {
    const key = cat(Buffer.from(e.vout === undefined ? `tx/${txid}/` : `out/${txid}.${vout}/`), e.name);
    return cat(e.author, u16(key.length), key, u64(e.time), u64(e.value.length), sha256(e.value));
  }));
}
/** anchor: {height, block, index} or null. */
export const stateHash = (op, anchor, entries) => tagged('gasp/state/1', op,
  anchor ? cat(u8(1), u32(anchor.height), anchor.block, u64(anchor.index)) : u8(0),
    entriesDigest(op, entries, anchor !== null));

export const outpointId = (op) => tagged('gasp/item/outpoint/1', op);
export function itemOf(op, anchor, entries, match) {
  const oid = outpointId(op);
  if (match === 2) return { op, oid, id: oid, time: 0 };
  return { op, oid, id: tagged('gasp/item/state/1', op, stateHash(op, anchor, entries)),
    time: anchor ? Math.min(anchor.height, 2 ** 31 - 3) : 2 ** 31 - 2 };
}
export const itemOrder = (a, b) => a.time - b.time || a.id.compare(b.id);

const number = (id) => BigInt('0x' + hex(flip(id)));
const MOD = 1n << 256n;
/** Adds ids up; `minus` takes them away. A total is {count, sum}. */
export const total = (ids, minus = []) => ({ count: BigInt(ids.length - minus.length),
  sum: ((ids.reduce((s, id) => s + number(id), 0n) - minus.reduce((s, id) => s + number(id), 0n)) % MOD + MOD) % MOD });
export const sumBytes = (sum) => flip(Buffer.from(sum.toString(16).padStart(64, '0'), 'hex'));
export function fingerprint({ count, sum }) {
  const digits = [Number(count & 127n)];
  for (let n = count >> 7n; n > 0n; n >>= 7n) digits.unshift(Number(n & 127n) | 128);
  return sha256(sumBytes(sum), Buffer.from(digits)).subarray(0, 16);
}
export function summary(items) {
  const t = total(items.map((i) => i.id));
  return { count: t.count, sum: sumBytes(t.sum), fingerprint: fingerprint(t) };
}
export const writeSummary = (s) => cat(u64(s.count), s.sum, s.fingerprint);
export const settledName = (a, b) => tagged('gasp/settled/1',
  ...[writeSummary(a), writeSummary(b)].sort(Buffer.compare));

export const boundsOf = (key) => times(16, (i) => tagged('gasp/bounds/1', key, u8(i))).sort(Buffer.compare);
/** 17 fingerprints of plus, less minus (both of {oid, id}), in the ranges of a bounds key. */
export function prints(key, plus, minus = []) {
  const bounds = boundsOf(key), range = (i) => bounds.filter((b) => b.compare(i.oid) <= 0).length;
  const cut = (list) => list.reduce((out, i) => { out[range(i)].push(i.id); return out; }, times(17, () => []));
  const p = cut(plus), m = cut(minus);
  return times(17, (r) => fingerprint(total(p[r], m[r])));
}
