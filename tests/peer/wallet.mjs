// A wallet in memory: headers it was given, transactions with what is known of them, outputs of one collection.
import { cat, flip, hex, u32, unhex } from './bytes.mjs';
import { checkInput, isCoinbase, opOf, readHeader, rootOf, textOf } from './chain.mjs';
import { itemOf, join, stateHash } from './values.mjs';

const ZERO = Buffer.alloc(32);
export const opOfText = (text) => { const [txid, vout] = text.split('.');
  return cat(flip(unhex(txid)), u32(Number(vout))); };
/** Why something is not taken: class is final, policy or missing. */
export const refusal = (cls, why, rival) => ({ cls, why, rival });

export class Wallet {
  constructor(network = 3) {
    Object.assign(this, { network, headers: new Map(), tip: { height: 0, hash: ZERO }, txs: new Map(), own: new Map(),
      spenders: new Map(), refused: new Map(), settled: new Map(), listeners: new Set() });
  }
  addHeader(height, raw) {
    const header = readHeader(raw);
    this.headers.set(height, header);
    if (height >= this.tip.height) this.tip = { height, hash: header.hash };
  }

  tx(txid) { return this.txs.get(hex(txid)); }
  /** null when the path leads from the transaction to a header of ours, else why not. */
  checkProof(tree, branch) {
    if (!branch) return refusal('final', 'no leaf of its path');
    const header = this.headers.get(tree.height);
    if (!header) return refusal('missing', 'no header');
    return header.root.equals(rootOf(tree)) ? null : refusal('final', 'another merkle root');
  }
  proofOf(branch) { return { ...branch, block: this.headers.get(branch.height).hash }; }

  spendersOf(op) {
    return [...(this.spenders.get(hex(op)) ?? [])].map((id) => this.txs.get(id)).filter((r) => this.alive(r));
  }
  provenRival(op, txid) { return this.spendersOf(op).find((r) => r.proof && !r.tx.txid.equals(txid)); }
  /** Proven, or unproven on what is alive, with no proven rival. */
  alive(rec, seen = new Map()) {
    if (!rec || rec.proof) return rec !== undefined;
    const id = hex(rec.tx.txid);
    if (!seen.has(id)) {
      seen.set(id, false);
      seen.set(id, rec.tx.inputs.every((i) => this.alive(this.tx(i.txid), seen)
        && ![...(this.spenders.get(hex(i.op)) ?? [])].some((s) => s !== id && this.txs.get(s).proof)));
    }
    return seen.get(id);
  }

  /** Whether an unproven transaction holds; `source(txid)` gives the transactions that it spends. */
  checkUnproven(tx, source) {
    if (isCoinbase(tx)) return refusal('final', 'an unproven coinbase');
    if (new Set(tx.inputs.map((i) => hex(i.op))).size < tx.inputs.length) return refusal('final',
      'an output spent twice');
    let value = 0n;
    for (const [n, input] of tx.inputs.entries()) {
      const output = source(input.txid).outputs[input.vout];
      if (!output) return refusal('final', 'spends no output');
      const rival = this.provenRival(input.op, tx.txid);
      if (rival) return refusal('final', 'spent', { outpoint: input.op, spender: rival.tx.txid });
      const script = checkInput(tx, n, output);
      if (script !== 'ok') return refusal(script === 'deferred' ? 'policy' : 'final', `script ${script}`);
      value += output.sat;
    }
    return tx.outputs.reduce((s, o) => s + o.sat, 0n) > value ? refusal('final', 'outputs exceed inputs') : null;
  }

  /** Stores transactions ({tx, proof, entries}) and takes outputs of one into the collection, unchecked. */
  commit(nodes, tx, vouts) {
    for (const n of nodes) {
      const id = hex(n.tx.txid);
      if (!this.txs.has(id)) {
        this.txs.set(id, { tx: n.tx, proof: null, entries: [] });
        for (const i of n.tx.inputs) this.spenders.set(hex(i.op), (this.spenders.get(hex(i.op)) ?? new Set()).add(id));
      }
      this.learn(this.txs.get(id), n.proof, n.entries);
    }
    for (const vout of vouts) this.own.set(hex(opOf(tx.txid, vout)), { tx, vout });
  }
  /** Joins what is known of a transaction. */
  learn(rec, proof, entries) {
    rec.proof = rec.proof ?? proof ?? null;
    rec.entries = join(rec.entries, entries);
  }
  label(text, name, value, time) {
    const op = opOfText(text), rec = this.tx(op.subarray(0, 32));
    rec.entries = join(rec.entries, [{ author: ZERO, vout: op.readUInt32LE(32), name: Buffer.from(name),
      time: BigInt(time),
      value: Buffer.from(value) }]);
  }

  stateOf(rec, vout) { return stateHash(opOf(rec.tx.txid, vout), rec.proof, rec.entries); }
  isItem(op) {
    const own = this.own.get(hex(op));
    return own !== undefined && this.alive(this.tx(own.tx.txid)) && this.spendersOf(op).length === 0;
  }
  /** The set, in order of outpoint ids. */
  items(match) {
    const out = [];
    for (const { tx, vout } of this.own.values()) {
      const op = opOf(tx.txid, vout), rec = this.tx(tx.txid);
      if (this.isItem(op)) out.push({ ...itemOf(op, rec.proof, rec.entries, match), rec, vout });
    }
    return out.sort((a, b) => a.oid.compare(b.oid));
  }
  /** What SKIP names: refused for good, or known as spent, and not held under that id. */
  skips(items) {
    const held = new Set(items.map((i) => hex(i.id)));
    return [...this.refused.values()].filter((r) => !held.has(hex(r.id))
      && (r.cls === 'final' || this.spendersOf(r.op).length > 0))
      .sort((a, b) => a.time - b.time || a.id.compare(b.id)).slice(0, 16384);
  }

  /** As `gasp list --json` shows outputs. */
  list() {
    return this.items(1).sort((a, b) => a.op.compare(b.op)).map(({ op, rec, vout }) => ({ outpoint: textOf(op),
      sat: Number(rec.tx.outputs[vout].sat), script: hex(rec.tx.outputs[vout].script),
      anchor: rec.proof && { height: rec.proof.height, block: hex(flip(rec.proof.block)),
        index: Number(rec.proof.index) },
      state: hex(this.stateOf(rec, vout)),
      entries: rec.entries.filter((e) => e.vout === undefined
        || e.vout === vout).map((e) => ({ name: String(e.name), vout: e.vout ?? null,
        timestamp_us: Number(e.time), value: String(e.value) })) }));
  }
}
