// Test data made here: a regtest chain with real proof of work, transactions that are signed, BEEF for `gasp import`.
import { cat, compact, sha256, sha256d, times, u32, u8, unhex } from './bytes.mjs';
import { finish, opOf, p2pkh, readHeader, signInput, writeBump } from './chain.mjs';

export const KEY = sha256(Buffer.from('a key for tests'));
const LOCK = p2pkh(KEY);
const GENESIS = unhex('0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12'
  + 'b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4adae5494dffff7f2002000000');

/** A transaction from outputs ({tx, vout}) to `sats`, signed. */
export function spend(sources, sats) {
  const tx = finish({ version: 1, locktime: 0, outputs: sats.map((sat) => ({ sat: BigInt(sat), script: LOCK })),
    inputs: sources.map(({ tx: t, vout }) => ({ txid: t.txid, vout, op: opOf(t.txid, vout), script: Buffer.alloc(0),
      sequence: 0xffffffff })) });
  sources.forEach(({ tx: t, vout }, n) => signInput(tx, n, t.outputs[vout], KEY));
  return tx;
}
function coinbase(height, outputs) {
  const txid = Buffer.alloc(32);
  return finish({ version: 1, locktime: 0, outputs: times(outputs, () => ({ sat: 1000000n, script: LOCK })),
    inputs: [{ txid, vout: 0xffffffff, op: opOf(txid, 0xffffffff), script: cat(u8(4), u32(height)),
      sequence: 0xffffffff }] });
}
/** Merkle root, and the branch of each transaction. */
function tree(height, txids) {
  const paths = txids.map(() => []);
  let level = txids;
  for (let h = 0; level.length > 1; h++) {
    const now = level;
    paths.forEach((path, n) => path.push(now[(n >> h) ^ 1] ?? null));
    level = times((now.length + 1) >> 1, (n) => sha256d(now[2 * n], now[2 * n + 1] ?? now[2 * n]));
  }
  return { root: level[0], branches: paths.map((path, n) => ({ height, index: BigInt(n), path, txid: txids[n] })) };
}

/** Blocks on top of genesis; `proofs` has the proof of every transaction by its txid. */
export class Chain {
  constructor() { Object.assign(this, { headers: [GENESIS], proofs: new Map() }); }
  mine(txs, coinbaseOutputs = 1) {
    const height = this.headers.length, base = coinbase(height, coinbaseOutputs);
    const { root, branches } = tree(height, [base, ...txs].map((t) => t.txid));
    const head = cat(u32(0x20000000), sha256d(this.headers[height - 1]), root, u32(1700000000 + 600 * height),
      unhex('ffff7f20'));
    let raw, nonce = 0;
    do raw = cat(head, u32(nonce++)); while (sha256d(raw)[31] > 0x7e);
    this.headers.push(raw);
    for (const b of branches) this.proofs.set(b.txid.toString('hex'), { ...b, block: readHeader(raw).hash });
    return base;
  }
  proof(tx) { return this.proofs.get(tx.txid.toString('hex')) ?? null; }
  raw() { return cat(...this.headers.slice(1)); }
  /** BEEF of transactions, parents first; one path for each that is proven, less those that shall not be. */
  beef(txs, unproven = []) {
    const proofs = txs.map((t) => (unproven.includes(t) ? null : this.proof(t))), proven = proofs.filter(Boolean);
    return cat(unhex('0100beef'), compact(proven.length), ...proven.map((p) => writeBump(p.height, [p])),
      compact(txs.length),
      ...txs.map((t, n) => cat(t.raw, proofs[n] ? cat(u8(1), compact(proven.indexOf(proofs[n]))) : u8(0))));
  }
  /** As a wallet commits it. */
  node(tx, proof = this.proof(tx)) { return { tx, proof, entries: [] }; }
}
