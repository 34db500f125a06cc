// The chain's own forms: transactions, headers, merkle paths, and the two scripts that are checked.
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { Reader, all, cat, compact, flip, hash160, hex, need, sha256d, sized, times, u32, u64, u8 } from './bytes.mjs';

export const opOf = (txid, vout) => cat(txid, u32(vout));
export const textOf = (op) => `${hex(flip(op.subarray(0, 32)))}.${op.readUInt32LE(32)}`;

/** Reads standard or extended form (BRC-30); `raw` is the standard form. */
export function readTx(r) {
  const version = r.bytes(4);
  const extended = r.left() >= 6 && hex(r.b.subarray(r.p, r.p + 6)) === '0000000000ef';
  if (extended) r.bytes(6);
  const inputs = times(r.count(41), () => {
    const input = { txid: r.bytes(32), vout: r.u32(), script: r.sized(), sequence: r.u32() };
    if (extended) { r.u64(); r.sized(); }
    return { ...input, op: opOf(input.txid, input.vout) };
  });
  need(inputs.length > 0, 'a transaction without inputs');
  const outputs = times(r.count(9), () => ({ sat: r.u64(), script: r.sized() }));
  return finish({ version: version.readUInt32LE(), inputs, outputs, locktime: r.u32() });
}

export const writeOutput = (o) => cat(u64(o.sat), sized(o.script));
export function finish(tx) { // adds raw and txid
  tx.raw = cat(u32(tx.version), compact(tx.inputs.length),
    ...tx.inputs.map((i) => cat(i.op, sized(i.script), u32(i.sequence))),
    compact(tx.outputs.length), ...tx.outputs.map(writeOutput), u32(tx.locktime));
  tx.txid = sha256d(tx.raw);
  return tx;
}

export const readHeader = (raw) => ({ raw, hash: sha256d(raw), root: raw.subarray(36, 68) });

/** A merkle path (BRC-74): nodes[h] is a map from offset to hash, as far as it is known; the last is the root. */
export function readBump(r) {
  const height = r.big();
  need(height < 1n << 32n, 'a height beyond 32 bits');
  const n = r.u8();
  need(n >= 1 && n <= 64, 'levels');
  const levels = times(n, (h) => {
    const level = new Map();
    for (let left = r.count(2); left > 0; left--) {
      const offset = r.big(), flags = r.u8();
      need(flags < 3, 'flags of a leaf');
      need(n === 1 || offset < 1n << BigInt(n - h), 'offset beyond its level');
      need(!level.has(offset), 'an offset twice');
      level.set(offset, { flags, hash: flags === 1 ? null : r.bytes(32) });
    }
    return level;
  });
  need([...levels[0].values()].some((leaf) => leaf.hash), 'no txid');
  return { height: Number(height), txids: levels[0], nodes: climb(levels) };
}

const greatest = (map) => [...map.keys()].reduce((a, b) => (a > b ? a : b), 0n);
function climb(levels) {
  const alone = levels.length === 1; // then level 0 has the whole block, and the levels above follow
  const nodes = [];
  let below = new Map(); // what was computed from the level below
  for (let h = 0; ; h++) {
    const given = levels[h] ?? new Map(), level = new Map(below);
    for (const [o, leaf] of given) {
      need(h === 0 || below.has(o ^ 1n), 'a leaf that nothing needs');
      if (!leaf.hash) need(o & 1n && !below.has(o), 'a duplicate that is none');
      else if (below.has(o)) need(below.get(o).equals(leaf.hash), 'a contradiction');
      if (leaf.hash) level.set(o, leaf.hash);
    }
    nodes.push(level);
    const last = [greatest(level), greatest(given)].reduce((a, b) => (a > b ? a : b));
    if (h >= levels.length && (!alone || last === 0n)) return nodes;
    if (alone && h === 0 && last === 0n) return nodes; // a block of one
    const up = new Map();
    for (const [o, hash] of [...(h === 0 ? level : below)]) {
      const copied = given.get(o ^ 1n)?.flags === 1 || (alone && !(o & 1n) && o === last && !level.has(o ^ 1n));
      const other = copied ? hash : level.get(o ^ 1n);
      need(other, 'a hash is missing');
      if (other.equals(hash)) { // the right one is a copy of the last of its level, which is not the root
        const right = o | 1n;
        need((last === right || last === o) && last > 1n && given.get(right)?.flags !== 2 && !below.has(right),
          'a false duplicate');
        level.set(right, hash);
      }
      up.set(o >> 1n, o & 1n ? sha256d(other, hash) : sha256d(hash, other));
    }
    for (const [o, leaf] of given) need(leaf.hash || level.has(o ^ 1n), 'a duplicate of nothing');
    below = up;
  }
}
export const rootOf = (bump) => bump.nodes[bump.nodes.length - 1].get(0n);

/** The branch of one transaction: index, and one sibling a level, null where it is a copy. Undefined: it is no leaf. */
export function branchOf(bump, txid) {
  for (const [index, leaf] of bump.txids) {
    if (!leaf.hash?.equals(txid)) continue;
    if (index & 1n && bump.txids.get(index - 1n)?.hash?.equals(txid)) continue; // the copy, not the transaction
    const path = bump.nodes.slice(0, -1).map((level, h) => {
      const at = index >> BigInt(h), other = level.get(at ^ 1n);
      return other === undefined || other.equals(level.get(at)) ? null : other;
    });
    return { height: bump.height, index, path };
  }
  return undefined;
}

/** One compound path of several branches ({txid, index, path}) of one block. */
export function writeBump(height, branches) {
  const n = Math.max(1, branches[0].path.length);
  const levels = times(n, (h) => {
    const level = new Map(), mine = new Set(branches.map((b) => b.index >> BigInt(h)));
    for (const b of branches) {
      const at = b.index >> BigInt(h), other = b.path[h];
      if (h === 0) level.set(b.index, cat(u8(2), b.txid));
      if (b.path.length > 0 && !mine.has(at ^ 1n)) level.set(at ^ 1n, other ? cat(u8(0), other) : u8(1));
    }
    const offsets = [...level.keys()].sort((a, b) => (a < b ? -1 : 1));
    return cat(compact(offsets.length), ...offsets.map((o) => cat(compact(o), level.get(o))));
  });
  return cat(compact(height), u8(n), ...levels);
}

/** The digest that a signature with FORKID signs. */
export function sighash(tx, i, code, sat, type) {
  const zero = Buffer.alloc(32), base = type & 31, one = type & 128, input = tx.inputs[i];
  const sequences = cat(...tx.inputs.map((x) => u32(x.sequence)));
  const outputs = base === 3 ? (i < tx.outputs.length ? sha256d(writeOutput(tx.outputs[i])) : zero)
    : base === 2 ? zero : sha256d(...tx.outputs.map(writeOutput));
  return sha256d(u32(tx.version), one ? zero : sha256d(...tx.inputs.map((x) => x.op)),
    one || base !== 1 ? zero : sha256d(sequences), input.op, sized(code), u64(sat), u32(input.sequence), outputs,
    u32(tx.locktime), u32(type));
}

/** Pushes of an unlocking script that has nothing else, or null. */
function pushes(script) {
  const out = [];
  for (const r = new Reader(script); r.left() > 0;) {
    const op = r.u8();
    if (op > 75 || op === 0 || op > r.left()) return null;
    out.push(r.bytes(op));
  }
  return out;
}

/** 'ok', 'deferred' (no script that is checked here), or 'false'. */
export function checkInput(tx, i, output) {
  const lock = output.script, stack = pushes(tx.inputs[i].script);
  const pkh = lock.length === 25 && lock.subarray(0, 3).equals(Buffer.from([0x76, 0xa9, 20]))
    && lock.readUInt16BE(23) === 0x88ac;
  const pk = [35, 67].includes(lock.length) && lock[0] === lock.length - 2 && lock[lock.length - 1] === 0xac;
  if (!pkh && !pk) return 'deferred';
  if (!stack || stack.length !== (pkh ? 2 : 1)) return 'false';
  const [sig, key] = pkh ? stack : [stack[0], lock.subarray(1, -1)];
  if (pkh && !hash160(key).equals(lock.subarray(3, 23))) return 'false';
  const type = sig[sig.length - 1];
  if (type & 32) return 'deferred';
  if (!(type & 64) || ![1, 2, 3].includes(type & 31)) return 'false';
  try {
    const parsed = secp256k1.Signature.fromDER(hex(sig.subarray(0, -1)));
    return secp256k1.verify(parsed, sighash(tx, i, lock, output.sat, type), key, { lowS: true }) ? 'ok' : 'false';
  } catch {
    return 'false';
  }
}

export const p2pkh = (key) => cat(Buffer.from([0x76, 0xa9, 20]), hash160(secp256k1.getPublicKey(key)),
  Buffer.from([0x88, 0xac]));
/** Signs a P2PKH input with ALL | FORKID. */
export function signInput(tx, i, output, key) {
  const sig = secp256k1.sign(sighash(tx, i, output.script, output.sat, 0x41), key, { lowS: true });
  tx.inputs[i].script = cat(sized(cat(Buffer.from(sig.toDERRawBytes()), u8(0x41))),
    sized(Buffer.from(secp256k1.getPublicKey(key))));
  return finish(tx);
}
export const isCoinbase = (tx) => tx.inputs.some((i) => i.txid.equals(Buffer.alloc(32)));
export const parseTx = (bytes) => all(bytes, readTx);
export const parseBump = (bytes) => all(bytes, readBump);
