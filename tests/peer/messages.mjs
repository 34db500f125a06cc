// Every message as a codec, {r: from a reader, w: to bytes}, with fields named as in docs/protocol.md; and frames.
import { Reader, all, bit, cat, compact, need, sized, times, u16, u32, u64, u8 } from './bytes.mjs';
import { parseBump, parseTx } from './chain.mjs';
import { readEntries, writeEntries } from './values.mjs';

export const T = { OPEN: 2, CLOSE: 4, ERROR: 6, KEEPALIVE: 7, FILTER: 8, INV: 10, WANT: 12, SENT: 14, ABSENT: 16,
  CREDIT: 18,
  ROOTS_END: 20, TURN_END: 22, ROUND: 24, CHANGED: 25, SKIP: 28, SPEND: 30 };
export const F = { SKIP: 1n, SPEND: 2n, ROUNDS: 4n, ACCOUNT: 8n };
export const INV = { TX: 1, PROVEN: 2, ROOT: 4, ANSWER: 8 };

const codec = (r, w) => ({ r, w });
const U8 = codec((r) => r.u8(), u8), U16 = codec((r) => r.u16(), u16), U32 = codec((r) => r.u32(), u32),
  U64 = codec((r) => r.u64(), u64);
const bytes = (n) => codec((r) => r.bytes(n), (v) => v);
const blob = codec((r) => r.sized(), sized);
const check = (c, ok, text, reason) => codec((r) => { const v = c.r(r); need(ok(v), text, reason); return v; }, c.w);
const among = (c, ...values) => check(c, (v) => values.includes(v), 'a value that is not assigned');
const struct = (fields) => codec((r) => Object.fromEntries(Object.entries(fields).map(([k, c]) => [k, c.r(r)])),
  (v) => cat(...Object.entries(fields).map(([k, c]) => c.w(v[k]))));
const list = (c, min, most = Infinity) => codec((r) => {
  const n = r.count(min);
  need(n <= most, 'too many', 'limit');
  return times(n, () => c.r(r));
}, (v) => cat(compact(v.length), ...v.map(c.w)));
const refs = (c, min, most) => struct({ refs: list(c, min, most) });
const ascend = (values, order) => values.every((v, i) => i === 0 || order(values[i - 1], v) < 0);
const sum = struct({ count: U64, sum: bytes(32), fingerprint: bytes(16) });

const hashes = codec((r) => { need(r.left() % 32 === 0 && r.left() <= 64 * 32, 'locator');
  return times(r.left() / 32, () => r.bytes(32)); },
  (v) => cat(...v));
const schemes = codec((r) => { need(r.left() >= 1 && r.left() <= 16, 'schemes'); return [...r.bytes(r.left())]; },
  Buffer.from);
const FIELDS = { 0: { network: U8 }, 2: { features: U64 }, 4: { collection: bytes(32) },
  6: { rights: check(U8, (v) => v < 4, 'rights') }, 8: { tip_height: U32, tip: bytes(32), locator: hashes },
  10: { max_frame: U32, max_message: U32, max_wants: U32, credit_roots: U32, credit_bytes: U64 }, 12: { schemes },
  14: { match: among(U8, 1, 2), state_version: U16 }, 16: { summary: sum }, 18: { bounds_key: bytes(16) },
    19: { settled: bytes(32) } };
const open = codec((r) => {
  need(r.bytes(4).toString('latin1') === 'GASP', 'not GASP');
  const v = { version_min: r.u16(), version_max: r.u16(), features: 0n };
  for (let before = -1n; r.left() > 0;) {
    const type = r.big(), value = r.sized();
    need(type > before, 'fields do not ascend');
    before = type;
    if (FIELDS[type]) Object.assign(v, all(value, struct(FIELDS[type]).r));
    else need(type & 1n, 'an unknown even field');
  }
  for (const name of ['network', 'collection', 'rights', 'tip', 'max_frame', 'schemes', 'match', 'bounds_key'])
    need(v[name] !== undefined, `no ${name}`);
  need(!v.settled || v.summary, 'settled without summary');
  return v;
}, (v) => cat(Buffer.from('GASP'), u16(v.version_min), u16(v.version_max), ...Object.entries(FIELDS)
  .filter(([, f]) => v[Object.keys(f)[0]] !== undefined).map(([type, f]) => cat(compact(type),
    sized(struct(f).w(v))))));
/** Versions are judged before any field is read. */
export const versionsOf = (payload) => { const r = new Reader(payload.subarray(4)); return [r.u16(), r.u16()]; };

const filter = codec((r) => {
  const v = struct({ last: among(U8, 0, 1), bound: bytes(32), count: U32, sum: bytes(32), key: bytes(16), k: U8,
    m: U32 }).r(r);
  need(v.count <= 65536 && v.k >= 1 && v.k <= 24 && v.m >= 1 && v.m <= 8388608, 'a number of the filter');
  return { ...v, bits: r.bytes((v.m + 7) >> 3) };
}, (v) => cat(u8(v.last), v.bound, u32(v.count), v.sum, v.key, u8(v.k), u32(v.m), v.bits));

const state = codec((r) => (among(U8, 0, 1).r(r) ? r.bytes(32) : null), (v) => (v ? cat(u8(1), v) : u8(0)));
const path = codec((r) => { const bump = r.sized(); return { bump, block: r.bytes(32), tree: parseBump(bump) }; },
  (v) => cat(sized(v.bump), v.block));
const one = (paths) => codec((r) => {
  const start = r.p, v = { flags: r.u8() };
  need(v.flags < 16, 'flags of an INV');
  if (v.flags & INV.TX) {
    if (v.flags & INV.ANSWER) v.wanted = r.bytes(32);
    const given = r.sized();
    v.tx = parseTx(given);
    Object.assign(v, { txid: v.tx.txid, raw: v.tx.raw });
  } else v.txid = r.bytes(32);
  v.wanted = v.wanted ?? v.txid;
  if (v.flags & INV.PROVEN) need((v.block = Number(r.big())) < paths.length, 'number of a path');
  if (v.flags & INV.ROOT) need((v.roots = list(U32, 4).r(r)).length > 0 && ascend(v.roots, (a, b) => a - b), 'roots');
  v.entries = readEntries(r);
  need(!v.tx || v.entries.every((e) => e.vout === undefined || e.vout < v.tx.outputs.length), 'an entry of no output');
  if (v.tx) need([0, v.tx.inputs.length].includes((v.inputs = list(state, 1).r(r)).length), 'number of state hashes');
  return { ...v, len: r.p - start };
}, (v) => cat(u8(v.flags), ...(v.flags & INV.TX
  ? [...(v.flags & INV.ANSWER ? [v.wanted] : []), sized(v.raw)] : [v.txid]),
  ...(v.flags & INV.PROVEN ? [compact(v.block)] : []), ...(v.flags & INV.ROOT ? [list(U32).w(v.roots)] : []),
  writeEntries(v.entries), ...(v.flags & INV.TX ? [list(state).w(v.inputs)] : [])));
export const invBytes = (v) => one([]).w(v);
const inv = codec((r) => { const paths = list(path, 34, 1024).r(r);
  return { paths, invs: list(one(paths), 34, 1024).r(r) }; },
  (v) => cat(list(path).w(v.paths), list(one(v.paths)).w(v.invs)));

const kinds = { outpoint: bytes(36), kind: among(U8, 0, 1, 2) };
const want = codec((r) => { const v = struct(kinds).r(r); return v.kind === 1
  ? { ...v, hash: r.bytes(32) } : { ...v, max_len: r.u32() }; },
  (v) => cat(struct(kinds).w(v), v.kind === 1 ? v.hash : u32(v.max_len)));
const skip = struct({ time: U32, id: bytes(32) });
const flagged = (c, top) => check(c, (v) => v < top, 'flags that are not assigned');
const round = codec((r) => {
  const { number, flags, ...v } = struct({ number: U32, flags: among(U8, 0, 1, 3), tip_height: U32, tip: bytes(32),
    bounds_key: bytes(16) }).r(r);
  if (flags & 1) v.summary = sum.r(r);
  if (flags & 2) v.settled = r.bytes(32);
  return { number, ...v };
}, (v) => cat(u32(v.number), u8((v.summary ? 1 : 0) | (v.settled ? 2 : 0)), u32(v.tip_height), v.tip, v.bounds_key,
  v.summary ? sum.w(v.summary) : Buffer.alloc(0), v.settled ?? Buffer.alloc(0)));

const CODECS = {
  2: open,
  4: struct({ result: among(U8, 1, 2, 3), again: flagged(U8, 2), summary: sum,
    prints: codec((r) => times(17, () => r.bytes(16)), (v) => cat(...v)) }),
  6: struct({ reason: U16, message: U16, at: U64 }),
  7: struct({}), 25: struct({}),
  8: filter, 10: inv, 12: refs(want, 41),
  14: refs(struct(kinds), 37),
  16: refs(struct({ ...kinds, reason: among(U8, 1, 2, 3), len: U32 }), 42),
  18: struct({ roots: U32, bytes: U64 }),
  20: struct({ roots: U64, outputs: U64, spends: U64, held: blob }),
  22: struct({ owes: flagged(U8, 2), lacking: blob }),
  24: round,
  28: check(refs(skip, 36, 16384), (v) => v.refs.length > 0
    && ascend(v.refs, (a, b) => a.time - b.time || a.id.compare(b.id)), 'SKIP does not ascend'),
  30: refs(struct({ outpoint: bytes(36), spender: bytes(32) }), 68),
};
export const known = (type) => CODECS[type] !== undefined;
export const readMessage = (type, payload) => all(payload, CODECS[type].r);
export const writeMessage = (type, fields) => CODECS[type].w(fields);
export const bitOr0 = (b, x) => (b.length === 0 ? 0 : bit(b, x));

export function writeFrames(type, payload, max) {
  const n = Math.max(1, Math.ceil(payload.length / max));
  return cat(...times(n, (i) => {
    const part = payload.subarray(i * max, (i + 1) * max);
    return cat(u32(part.length), u16(type), u16(i < n - 1 ? 1 : 0), part);
  }));
}
/** Takes a stream of frames and gives messages to `take(type, payload)`. */
export class Frames {
  constructor(take, limits) { Object.assign(this,
    { take, ...limits, rest: Buffer.alloc(0), parts: [], type: 0, length: 0 }); }
  feed(data) {
    this.rest = cat(this.rest, data);
    while (this.rest.length >= 8) {
      const length = this.rest.readUInt32LE(0), type = this.rest.readUInt16LE(4), flags = this.rest.readUInt16LE(6);
      need(length <= this.max_frame && flags < 2 && !(flags && length === 0), 'a frame');
      need(this.parts.length === 0 || type === this.type, 'another type inside a message');
      need(this.length + length <= (type === T.OPEN ? Math.min(65536, this.max_message) : this.max_message),
        'a long message', 'limit');
      if (this.rest.length < 8 + length) return;
      this.parts.push(this.rest.subarray(8, 8 + length));
      this.rest = this.rest.subarray(8 + length);
      Object.assign(this, { type, length: this.length + length });
      if (flags) continue;
      const payload = cat(...this.parts);
      Object.assign(this, { parts: [], length: 0 });
      this.take(type, payload);
    }
  }
}
