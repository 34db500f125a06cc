// The two roles of a turn: who receives, and who sends.
import { bit, bits, hex, need } from './bytes.mjs';
import { branchOf, opOf, writeBump } from './chain.mjs';
import { makeFilter, checkPart, missing } from './filter.mjs';
import { F, INV, T, bitOr0, invBytes } from './messages.mjs';
import { itemOf, stateHash } from './values.mjs';
import { refusal } from './wallet.mjs';

const WAIT = 'wait', HOLDS = 'holds';
const KIND = { transaction: 0, metadata: 1, again: 2 };
const SPEND_LENGTH = 68;

/** Counts credit: roots that are out, and their bytes. */
class Credit {
  constructor(limits) { Object.assign(this, { limits, roots: 0, bytes: 0 }); }
  room(length) {
    return this.roots < this.limits.credit_roots
      && (this.roots === 0 || this.bytes + length <= Number(this.limits.credit_bytes));
  }
  take(length) { this.roots += 1; this.bytes += length; }
  back(roots, bytes) {
    need(roots <= this.roots && bytes <= this.bytes, 'more credit than is out');
    this.roots -= roots; this.bytes -= Number(bytes);
  }
}

export class Receiver {
  constructor(session, turn, items) {
    Object.assign(this, { s: session, w: session.wallet, turn, receiving: true, ended: false, nodes: new Map(),
      refused: new Map(),
      roots: [], spends: [], offered: [], rootCount: 0, wants: new Map(), asked: new Set(), queue: [],
        credit: new Credit(session.limits),
      done: { roots: 0, bytes: 0 }, skip: [] });
    if (turn.n === 3) return;
    if (!turn.look && session.has(F.SKIP)) this.skip = this.w.skips(items);
    if (this.skip.length > 0) session.say(T.SKIP, { refs: this.skip });
    for (const part of makeFilter(items, session.match, session.random(16))) session.say(T.FILTER, part);
  }

  [T.INV]({ paths, invs }) {
    for (const inv of invs) {
      const { flags } = inv, tree = paths[inv.block]?.tree, branch = tree && branchOf(tree, inv.txid);
      const told = branch ? { height: tree.height, block: paths[inv.block].block, index: branch.index } : null;
      const bad = tree ? this.w.checkProof(tree, branch) : null;
      const node = { tx: inv.tx ?? this.w.tx(inv.txid)?.tx, proof: tree && !bad ? this.w.proofOf(branch) : null, bad,
        entries: inv.entries };
      if (flags & INV.ANSWER) {
        const kind = inv.tx ? KIND.transaction : KIND.metadata;
        const want = this.wants.get(hex(inv.wanted) + kind);
        if (!want) continue; // not asked
        this.wants.delete(hex(inv.wanted) + kind);
        if (!inv.wanted.equals(inv.txid)) this.refused.set(hex(inv.wanted), refusal('final', 'txid'));
        if (kind === KIND.metadata && !(flags & INV.ROOT)) {
          if (!bad && stateHash(want.outpoint, node.proof, node.entries).equals(want.hash))
            this.w.learn(this.w.tx(inv.txid), node.proof, node.entries);
          continue;
        }
      } else if (flags & INV.ROOT) {
        need(!this.turn.look && this.turn.n < 3 && !this.ended, 'a root', 'unexpected');
        need(!this.roots.some((r) => !r.verdict && r.txid.equals(inv.txid)), 'a second root', 'unexpected');
        need(this.credit.room(inv.len), 'more roots than credit', 'limit');
        this.credit.take(inv.len);
      } else continue; // not asked
      const id = hex(inv.txid), before = this.nodes.get(id);
      this.nodes.set(id, before?.tx ? { ...before, proof: before.proof ?? node.proof,
        entries: before.entries.concat(node.entries) } : node);
      if (inv.tx) this.compareInputs(inv);
      if (!(flags & INV.ROOT)) continue;
      const offered = inv.roots.map((vout) => itemOf(opOf(inv.txid, vout), told, inv.entries, this.s.match));
      this.offered.push(...offered);
      this.rootCount += 1;
      this.roots.push({ txid: inv.txid, vouts: inv.roots, offered, length: flags & INV.ANSWER ? null : inv.len });
    }
    this.settle();
  }
  /** Step 4: outputs that are held here in another state than the sender lists. */
  compareInputs({ tx, inputs }) {
    inputs.forEach((state, n) => {
      const { txid, vout, op } = tx.inputs[n], rec = this.w.tx(txid);
      if (state && rec && vout < rec.tx.outputs.length && !this.w.stateOf(rec, vout).equals(state))
        this.want({ outpoint: op, kind: KIND.metadata, hash: state });
    });
  }
  want(ref) {
    const key = hex(ref.outpoint.subarray(0, 32)) + ref.kind;
    if (this.asked.has(key)) return;
    this.asked.add(key);
    this.queue.push([key, ref]);
  }
  ask() { // as many as the sender keeps open
    const now = this.queue.splice(0, this.s.peer.max_wants - this.wants.size);
    for (const [key, ref] of now) this.wants.set(key, ref);
    if (now.length > 0) this.s.say(T.WANT, { refs: now.map(([, ref]) => ref) });
  }
  closeRef({ outpoint, kind }) {
    const key = hex(outpoint.subarray(0, 32)) + (kind === KIND.again ? 0 : kind);
    need(this.wants.delete(key), 'an answer to no WANT', 'unexpected');
    if (kind !== KIND.metadata && !this.nodes.get(key.slice(0, 64))?.tx)
      this.refused.set(key.slice(0, 64), refusal('missing', 'absent'));
  }
  [T.SENT]({ refs }) { refs.forEach((r) => this.closeRef(r)); this.settle(); }
  [T.ABSENT]({ refs }) { refs.forEach((r) => this.closeRef(r)); this.settle(); }
  [T.SPEND]({ refs }) {
    need(!this.turn.look && this.s.has(F.SPEND) && !this.ended, 'SPEND', 'unexpected');
    for (const { outpoint, spender } of refs) {
      need(!this.spends.some((s) => !s.verdict && s.spender.equals(spender)), 'a second SPEND', 'unexpected');
      need(this.credit.room(SPEND_LENGTH), 'more SPENDs than credit', 'limit');
      this.credit.take(SPEND_LENGTH);
      this.spends.push({ outpoint, spender, length: SPEND_LENGTH });
    }
    this.settle();
  }
  [T.ROOTS_END]({ roots, outputs, spends, held }) {
    need(!this.ended, 'a second ROOTS_END', 'unexpected');
    need(Number(roots) === this.rootCount && Number(outputs) === this.offered.length
      && Number(spends) === this.spends.length, 'counts of ROOTS_END');
    need(held.length === (this.skip.length + 7) >> 3, 'bits of ROOTS_END');
    this.ended = true;
    this.s.heldOfSkip.push(...this.skip.filter((_, x) => bit(held, x)));
    this.settle();
  }

  /** HOLDS, WAIT (something was asked for), or why a transaction is refused. */
  judge(id, txid) {
    if (this.refused.has(id)) return this.refused.get(id);
    const node = this.nodes.get(id), rec = this.w.txs.get(id), tx = node?.tx ?? rec?.tx;
    if (!node && this.w.alive(rec)) return HOLDS;
    if (!tx) {
      this.want({ outpoint: opOf(txid, 0), kind: KIND.transaction, max_len: this.s.limits.max_message });
      return WAIT;
    }
    if (node?.verdict) return node.verdict;
    const verdict = this.judgeTx(tx, node, rec);
    if (verdict !== WAIT && verdict !== HOLDS) this.refused.set(id, verdict);
    if (node) node.verdict = verdict === WAIT ? undefined : verdict;
    return verdict;
  }
  judgeTx(tx, node, rec) {
    if (tx.raw.length === 64) return refusal('final', '64 bytes');
    if (node?.bad) return node.bad;
    if (node?.proof || this.w.alive(rec)) return HOLDS;
    const below = tx.inputs.map((i) => this.judge(hex(i.txid), i.txid));
    const why = below.find((v) => v !== HOLDS && v !== WAIT);
    if (why || below.includes(WAIT)) return why ?? WAIT;
    return this.w.checkUnproven(tx, (txid) => this.nodes.get(hex(txid))?.tx ?? this.w.tx(txid).tx) ?? HOLDS;
  }
  graph(id, out = new Map()) { // the root and what it stands on, as far as it came in this turn
    const node = this.nodes.get(id);
    if (!node || out.has(id)) return out;
    out.set(id, node);
    if (!node.proof) for (const i of node.tx.inputs) this.graph(hex(i.txid), out);
    return out;
  }
  settle() {
    for (const root of this.roots.filter((r) => !r.verdict)) {
      let verdict = this.judge(hex(root.txid), root.txid);
      if (verdict === WAIT) continue;
      const graph = this.graph(hex(root.txid)), tx = this.nodes.get(hex(root.txid)).tx;
      if (verdict === HOLDS && root.vouts.some((v) => v >= tx.outputs.length)) verdict = refusal('final',
        'no such output');
      if (verdict === HOLDS) this.w.commit(graph.values(), tx, root.vouts);
      else this.s.refuse(verdict, root);
      this.finish(root, verdict);
    }
    for (const spend of this.spends.filter((s) => !s.verdict)) {
      const { outpoint, spender } = spend, id = hex(spender);
      const asked = this.w.own.has(hex(outpoint)) || this.w.spendersOf(outpoint).length > 0;
      let verdict = asked ? this.judge(id, spender) : refusal('final', 'not asked');
      if (verdict === WAIT) continue;
      const node = this.nodes.get(id), tx = node?.tx ?? this.w.tx(spender)?.tx;
      if (verdict === HOLDS && !tx.inputs.some((i) => i.op.equals(outpoint))) verdict = refusal('final',
        'spends it not');
      if (verdict === HOLDS) this.w.commit(this.graph(id).values(), tx, []);
      else this.s.refuse(verdict);
      this.finish(spend, verdict);
    }
    this.ask();
    if (!this.ended && this.done.roots > 0) {
      this.s.say(T.CREDIT, { roots: this.done.roots, bytes: BigInt(this.done.bytes) });
      this.done = { roots: 0, bytes: 0 };
    }
    if (!this.ended || this.wants.size > 0 || [...this.roots, ...this.spends].some((r) => !r.verdict)) return;
    const lacking = [...this.offered.map((o) => !this.w.isItem(o.op)), ...this.spends.map((s) => s.verdict !== HOLDS)];
    this.s.received(this);
    const owes = this.turn.n === 2 && this.s.full3 && this.s.has(F.SPEND) && this.s.owed().length > 0 ? 1 : 0;
    this.s.say(T.TURN_END, { owes, lacking: lacking.includes(true) ? bits(lacking) : Buffer.alloc(0) });
    this.s.nextTurn(owes);
  }
  finish(what, verdict) {
    what.verdict = verdict;
    if (what.length === null) return;
    this.credit.back(1, what.length);
    this.done.roots += 1; this.done.bytes += what.length;
  }
}

export class Sender {
  constructor(session, turn, items) {
    Object.assign(this, { s: session, w: session.wallet, turn, items, receiving: false, before: null,
      filtered: turn.n === 3, missing: [],
      skip: null, roots: [], rooted: new Map(), sent: new Set(), offered: [], rootCount: 0, spends: [], spendsSent: [],
        ended: false,
      credit: new Credit(session.peer) });
    if (this.filtered) this.begin();
  }
  [T.SKIP]({ refs }) {
    need(!this.turn.look && this.turn.n < 3 && !this.skip && !this.before && !this.filtered && this.s.has(F.SKIP),
      'SKIP', 'unexpected');
    this.skip = refs.map((r) => this.items.find((i) => i.time === r.time && i.id.equals(r.id)) ?? null);
    this.s.lacked.push(...this.skip.filter(Boolean));
  }
  [T.FILTER](part) {
    need(!this.filtered, 'a part after the last', 'unexpected');
    checkPart(part, this.before);
    this.missing.push(...missing(part, this.before, this.items, this.s.match));
    this.before = part.bound;
    this.filtered = part.last === 1;
    if (this.filtered) this.begin();
  }
  begin() {
    const skipped = new Set((this.skip ?? []).filter(Boolean));
    const offer = this.missing.filter((m) => !skipped.has(m.item));
    if (this.turn.look) this.s.lacked.push(...offer.map((m) => m.item));
    else for (const { item, known } of offer) {
      const id = hex(item.rec.tx.txid);
      if (!this.rooted.has(id)) this.roots.push(this.rooted.set(id,
        { rec: item.rec, items: [], known: true, length: 0 }).get(id));
      const root = this.rooted.get(id);
      root.items.push(item);
      root.known = root.known && known;
    }
    for (const root of this.roots) root.items.sort((a, b) => a.vout - b.vout);
    if (!this.turn.look && this.s.has(F.SPEND)) this.spends = this.s.owed();
    this.pump();
  }
  /** An INV without its path. */
  inv(rec, { root, answer, whole }) {
    const { tx, entries, proof } = rec;
    const sources = whole ? tx.inputs.map((i) => { const r = this.w.tx(i.txid); return r
      ? this.w.stateOf(r, i.vout) : null; }) : [];
    return { rec, txid: tx.txid, wanted: tx.txid, raw: tx.raw, entries, block: 0, roots: root?.items.map((i) => i.vout),
      inputs: sources.some(Boolean) ? sources : [],
      flags: (whole ? INV.TX : 0) | (proof ? INV.PROVEN : 0) | (root ? INV.ROOT : 0) | (answer ? INV.ANSWER : 0) };
  }
  pump() {
    const batch = [];
    while (this.roots.length > 0) {
      const root = this.roots[0], whole = !root.known, inv = this.inv(root.rec, { root, whole }),
        length = invBytes(inv).length;
      if (this.credit.room(length) || root.gone) this.roots.shift();
      else break;
      if (root.gone) continue;
      if (length > this.s.peer.max_message / 2) { this.s.lacked.push(...root.items); continue;
        } // too large for the receiver
      this.credit.take(length);
      this.offer(root, whole);
      batch.push(inv);
    }
    this.send(batch);
    const now = [];
    while (this.roots.length === 0 && this.spends.length > 0 && this.credit.room(SPEND_LENGTH)) {
      this.credit.take(SPEND_LENGTH);
      now.push(this.spends.shift());
    }
    this.spendsSent.push(...now);
    if (now.length > 0) this.s.say(T.SPEND, { refs: now });
    if (this.ended || !this.filtered || this.roots.length > 0 || this.spends.length > 0) return;
    this.ended = true;
    this.s.say(T.ROOTS_END, { roots: this.rootCount, outputs: this.offered.length, spends: this.spendsSent.length,
      held: bits((this.skip ?? []).map(Boolean)) });
  }
  offer(root, whole) {
    root.gone = true;
    this.rootCount += 1;
    this.offered.push(...root.items);
    if (whole) this.sent.add(hex(root.rec.tx.txid));
  }
  /** One path a block in each batch, and about a frame of bytes. */
  send(invs) {
    while (invs.length > 0) {
      let size = 0, n = 0;
      while (n < invs.length && n < 1024 && (n === 0
        || size < 50000)) size += invBytes(invs[n]).length + 100 + 33 * (invs[n++].rec.proof?.path.length ?? 0);
      const batch = invs.splice(0, n), blocks = new Map();
      for (const { rec, txid } of batch.filter((i) => i.flags & INV.PROVEN)) {
        const { height } = rec.proof;
        if (!blocks.has(height)) blocks.set(height, new Map());
        blocks.get(height).set(hex(txid), { ...rec.proof, txid });
      }
      const heights = [...blocks.keys()];
      for (const i of batch) if (i.flags & INV.PROVEN) i.block = heights.indexOf(i.rec.proof.height);
      this.s.say(T.INV, { invs: batch, paths: heights.map((h) => {
        const branches = [...blocks.get(h).values()];
        return { bump: writeBump(h, branches), block: branches[0].block };
      }) });
    }
  }
  [T.WANT]({ refs }) {
    need(!this.turn.look, 'WANT', 'unexpected');
    need(refs.length <= this.s.limits.max_wants, 'too many WANTs', 'limit');
    const invs = [], sent = [], absent = [];
    for (const ref of refs) {
      const id = hex(ref.outpoint.subarray(0, 32)), rec = this.w.txs.get(id), whole = ref.kind !== KIND.metadata;
      const again = { outpoint: ref.outpoint, kind: ref.kind };
      if (!rec || !this.w.alive(rec)) absent.push({ ...again, reason: 1, len: 0 });
      else if (ref.kind === KIND.transaction && this.sent.has(id)) sent.push(again);
      else if (whole && rec.tx.raw.length > ref.max_len) absent.push({ ...again, reason: 2, len: rec.tx.raw.length });
      else {
        const root = this.rooted.get(id), unsent = root && !root.gone && !this.ended ? root : undefined;
        if (unsent) this.offer(unsent, whole);
        if (whole) this.sent.add(id);
        invs.push(this.inv(rec, { root: unsent, answer: true, whole }));
      }
    }
    this.send(invs);
    if (sent.length > 0) this.s.say(T.SENT, { refs: sent });
    if (absent.length > 0) this.s.say(T.ABSENT, { refs: absent });
    this.pump();
  }
  [T.CREDIT]({ roots, bytes }) {
    this.credit.back(roots, bytes);
    this.pump();
  }
  [T.TURN_END]({ owes, lacking }) {
    need(this.ended, 'TURN_END before ROOTS_END', 'unexpected');
    need(lacking.length === 0 || lacking.length === (this.offered.length + this.spendsSent.length + 7) >> 3,
      'bits of TURN_END');
    need(!owes || (this.turn.n === 2 && this.s.full3 && this.s.has(F.SPEND)), 'owes');
    this.s.lacked.push(...this.offered.filter((_, x) => bitOr0(lacking, x)));
    this.s.gaveUp(this.spendsSent.filter((_, x) => !bitOr0(lacking, this.offered.length + x)));
    this.s.nextTurn(owes);
  }
}
