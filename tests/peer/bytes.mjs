// Bytes: reading, writing, hashes, and how a session ends.
import { sha256 as noble256 } from '@noble/hashes/sha2.js';
import { ripemd160 } from '@noble/hashes/legacy.js';

export const REASON = { internal: 1, malformed: 2, unexpected: 3, limit: 4, version: 5, network: 6, nothing_common: 7,
  denied: 8, silent: 9 };

/** What ends a session: the reason is one of REASON. */
export class Ended extends Error {
  constructor(reason, text) {
    super(`${reason}: ${text}`);
    this.reason = REASON[reason];
  }
}
export const need = (ok, text, reason = 'malformed') => { if (!ok) throw new Ended(reason, text); };

export const cat = (...parts) => Buffer.concat(parts);
export const hex = (bytes) => Buffer.from(bytes).toString('hex');
export const unhex = (text) => Buffer.from(text, 'hex');
export const flip = (bytes) => Buffer.from(bytes).reverse(); // internal order to display order and back
export const sha256 = (...parts) => Buffer.from(noble256(cat(...parts)));
export const sha256d = (...parts) => sha256(sha256(...parts));
export const hash160 = (bytes) => Buffer.from(ripemd160(sha256(bytes)));
export const tagged = (tag, ...parts) => { const t = sha256(Buffer.from(tag)); return sha256(t, t, ...parts); };

export const u8 = (n) => Buffer.from([n]);
export const u16 = (n) => { const b = Buffer.alloc(2); b.writeUInt16LE(n); return b; };
export const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32LE(n); return b; };
export const u64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(n)); return b; };
export const compact = (n) => n < 253 ? u8(Number(n)) : n < 0x10000 ? cat(u8(253), u16(Number(n)))
  : n < 0x100000000 ? cat(u8(254), u32(Number(n))) : cat(u8(255), u64(n));
export const sized = (bytes) => cat(compact(bytes.length), bytes);

export class Reader {
  constructor(bytes) { this.b = bytes; this.p = 0; }
  left() { return this.b.length - this.p; }
  bytes(n) {
    need(n <= this.left(), `ends inside a field at ${this.p}`);
    this.p += n;
    return this.b.subarray(this.p - n, this.p);
  }
  u8() { return this.bytes(1)[0]; }
  u16() { return this.bytes(2).readUInt16LE(); }
  u32() { return this.bytes(4).readUInt32LE(); }
  u64() { return this.bytes(8).readBigUInt64LE(); }
  big() { // a CompactSize as BigInt
    const first = this.u8();
    const n = first < 253 ? BigInt(first) : first === 253 ? BigInt(this.u16()) : first === 254
      ? BigInt(this.u32()) : this.u64();
    need(compact(n).length === [1, 3, 5, 9][Math.max(0, first - 252)], 'CompactSize not in its shortest form');
    return n;
  }
  count(min) { // of things that have min bytes at least
    const n = this.big();
    need(n * BigInt(min) <= BigInt(this.left()), 'a count that the message cannot hold');
    return Number(n);
  }
  sized() { return this.bytes(this.count(1)); }
  end() { need(this.left() === 0, `${this.left()} bytes left over`); }
}

export const all = (bytes, read) => { const r = new Reader(bytes); const v = read(r); r.end(); return v; };
export const times = (n, make) => Array.from({ length: n }, (_, i) => make(i));

/** Bit x is bit x mod 8 of byte x / 8. */
export const bit = (bytes, x) => (bytes[x >> 3] >> (x & 7)) & 1;
export const bits = (flags) => {
  const out = Buffer.alloc((flags.length + 7) >> 3);
  flags.forEach((f, x) => { if (f) out[x >> 3] |= 1 << (x & 7); });
  return out;
};
