// One conversation: OPEN, rounds of turns, CLOSE and its account. Bytes go in by `feed` and out by `write`.
import { randomBytes } from 'node:crypto';
import { Ended, REASON, hex, need } from './bytes.mjs';
import { F, Frames, T, known, readMessage, versionsOf, writeFrames, writeMessage } from './messages.mjs';
import { Receiver, Sender } from './turns.mjs';
import { prints, settledName, summary, writeSummary } from './values.mjs';

const LIMITS = { max_frame: 65536, max_message: 33554432, max_wants: 4096, credit_roots: 1024,
  credit_bytes: 16777216n };
const MAX_ITEMS = 1 << 24, READ = 1, WRITE = 2, BLOOM = 1;
const IN_TURN = { [T.FILTER]: false, [T.INV]: true, [T.WANT]: false, [T.SENT]: true, [T.ABSENT]: true,
  [T.CREDIT]: false,
  [T.ROOTS_END]: true, [T.TURN_END]: false, [T.SKIP]: false, [T.SPEND]: true };

export class Session {
  /** options: wallet, initiator, write(bytes), end(error), and what may be left out. */
  constructor(options) {
    Object.assign(this, { match: 1, rights: READ | WRITE, features: 15n, collection: Buffer.alloc(32), peerName: '',
      autoRounds: 3,
      random: randomBytes, stay: false, report: () => {} }, options);
    this.limits = { ...LIMITS, ...options.limits };
    Object.assign(this, { state: 'opening', round: 0, peer: null, rounds: [], over: false });
    this.frames = new Frames((type, payload) => this.take(type, payload), this.limits);
    if (this.initiator) this.openRound();
  }
  say(type, fields) {
    if (!this.over) this.write(writeFrames(type, writeMessage(type, fields), this.peer ? this.peer.max_frame : 1024));
  }
  feed(data) {
    try {
      this.frames.feed(data);
    } catch (e) {
      if (this.over) return;
      this.say(T.ERROR, { reason: e.reason ?? REASON.internal, message: this.type ?? 0, at: 0n });
      this.finish(e);
    }
  }
  finish(error) { if (!this.over) { this.over = true; this.end(error ?? null); } }
  has(feature) { return (this.inForce & feature) !== 0n; }

  take(type, payload) {
    if (this.over) return;
    this.type = type;
    if (!known(type)) { need(type & 1, `unknown message ${type}`); return; }
    if (type === T.OPEN && this.state === 'opening' && this.round === 0) this.judgeVersion(payload);
    const v = readMessage(type, payload);
    if (type === T.KEEPALIVE) return;
    if (type === T.ERROR) { this.finish(new Ended(Object.keys(REASON)[v.reason - 1] ?? 'unknown',
      'said by the peer')); return; }
    if (type in IN_TURN) {
      need(this.state === 'turn' && this.turn.receiving === IN_TURN[type], `message ${type} in ${this.state}`,
        'unexpected');
      this.turn[type](v);
    } else if (type === T.OPEN) {
      need(this.state === 'opening' && this.round === 0, 'OPEN', 'unexpected');
      this.opened(v);
    } else if (type === T.ROUND) {
      need(this.peer && this.has(F.ROUNDS) && this.state === (this.initiator ? 'opening' : 'resting')
        && (!this.initiator || this.round > 0), 'ROUND', 'unexpected');
      need(v.number === (this.initiator ? this.round : this.round + 1), 'number of ROUND');
      if (!this.initiator) this.openRound();
      this.beginTurns({ ...v, match: this.match });
    } else if (type === T.CHANGED) {
      const waits = ['opening', 'resting'].includes(this.state);
      need(this.initiator && this.peer && this.has(F.ROUNDS) && waits, 'CHANGED', 'unexpected');
      if (this.state === 'resting') this.openRound();
    } else {
      need(this.state === 'closing' && !this.theirClose, 'CLOSE', 'unexpected');
      this.theirClose = v;
      this.closed();
    }
  }

  judgeVersion(payload) {
    const [low, high] = versionsOf(payload);
    need(low <= 1 && high >= 1, 'versions', 'version');
    if (this.initiator) need(low === 1 && high === 1, 'version of an answer');
  }
  opened(v) {
    need(v.network === this.wallet.network, 'network', 'network');
    need(v.schemes.includes(BLOOM), 'schemes', 'nothing_common');
    need(v.max_frame >= 1024 && v.max_message >= 1048576 && v.max_message >= v.max_frame && v.max_wants > 0
      && v.credit_roots > 0 && v.credit_bytes > 0n, 'limits');
    need(!v.summary || v.summary.count <= MAX_ITEMS, 'items', 'limit');
    need(v.collection.equals(this.collection), 'collection', this.initiator ? 'malformed' : 'denied');
    if (this.initiator) {
      need(v.rights !== 0, 'rights', 'denied');
      need(v.schemes.length === 1 && (v.features & ~this.features) === 0n, 'an answer that was not offered');
      need(v.match === 2 || (this.match === 1 && v.state_version === 1), 'a match that was not offered');
      this.match = v.match;
      this.inForce = v.features;
    } else {
      this.match = v.match === 1 && v.state_version === 1 && this.match === 1 ? 1 : 2;
      this.inForce = v.features & this.features;
      this.openRound();
    }
    this.peer = v;
    this.beginTurns(v);
  }

  /** Takes the snapshot and says OPEN or ROUND. */
  openRound() {
    const first = !this.peer, { wallet } = this, { height, hash } = wallet.tip;
    this.round = first ? 0 : this.round + 1;
    this.items = wallet.items(this.match);
    const mine = { summary: this.rights & READ ? summary(this.items) : undefined,
      bounds_key: Buffer.from(this.random(16)), match: this.match };
    const old = wallet.settled.get(this.peerName);
    if (old && mine.summary && this.match === 1 && !old.due
      && old.mine === hex(writeSummary(mine.summary))) mine.settled = old.name;
    if (first) {
      this.say(T.OPEN, { ...mine, version_min: 1, version_max: 1, network: wallet.network,
        features: this.inForce ?? this.features, collection: this.collection, rights: this.rights, tip_height: height,
        tip: hash, locator: [hash], ...this.limits, schemes: [BLOOM], state_version: 1 });
    } else this.say(T.ROUND, { ...mine, number: this.round, tip_height: height, tip: hash });
    this.state = 'opening';
    this.mine = mine;
  }

  beginTurns(theirs) {
    const { mine } = this, same = (a, b) => a !== undefined && b !== undefined && a.equals(b);
    const sums = [mine.summary, theirs.summary].map((s) => s && writeSummary(s));
    const equal = mine.match === theirs.match && same(...sums), settled = !equal && same(mine.settled, theirs.settled);
    const gives = (sender, receiver) => (sender.rights & READ) !== 0 && (receiver.rights & WRITE) !== 0;
    const [i, r] = this.initiator ? [this, this.peer] : [this.peer, this];
    const full = [gives(r, i), gives(i, r)], look = full[0] !== full[1] && this.has(F.ACCOUNT);
    Object.assign(this, { theirs, full3: full[0], heldOfSkip: [], lacked: [], offered: [], rivals: [], gone: new Set(),
      txs: new Map(), refusals: [], due: false, theirClose: null, turnsDone: 0, equal, settled,
      receivedFull: full[this.initiator ? 0 : 1] });
    this.turns = equal || settled ? [] : [1, 2].map((n) => ({ n, look: !full[n - 1] })).filter((t) => !t.look || look);
    this.something = !equal && !settled;
    if (this.turns.length === 0) this.toClose();
    else this.nextTurn(0);
  }
  nextTurn(owes) {
    if (owes) this.turns.push({ n: 3, look: false });
    const turn = this.turns.shift();
    if (!turn) { this.toClose(); return; }
    this.state = 'turn';
    this.turnsDone += 1;
    const items = this.turnsDone === 1 ? this.items : this.wallet.items(this.match);
    const Role = (turn.n !== 2) === this.initiator ? Receiver : Sender;
    this.turn = null; // a sender of turn 3 speaks at once
    this.turn = new Role(this, turn, items);
  }

  refuse(verdict, root) {
    this.refusals.push({ final: verdict.cls === 'final', op: root?.offered[0].op });
    if (verdict.cls !== 'final') this.due = true;
    if (verdict.rival) this.rivals.push(verdict.rival);
    if (root && verdict.cls === 'final') for (const o of root.offered) this.wallet.refused.set(hex(o.id),
      { ...o, cls: 'final' });
  }
  /** A turn was received: what was offered, for the account, SKIP and SPEND. */
  received(turn) {
    this.offered.push(...turn.offered);
    for (const [id, node] of turn.nodes) if (node.tx && !node.proof) this.txs.set(id, node.tx);
    for (const o of turn.offered)
      if (this.wallet.spendersOf(o.op).length > 0) this.wallet.refused.set(hex(o.id), { ...o, cls: 'spent' });
  }
  /** What is to be told by SPEND: each spender once. */
  owed() {
    const out = new Map(this.rivals.map((r) => [hex(r.spender), r]));
    for (const { op } of [...this.offered, ...this.heldOfSkip])
      for (const rec of this.wallet.spendersOf(op).slice(0, 1)) out.set(hex(rec.tx.txid),
        { outpoint: op, spender: rec.tx.txid });
    return [...out.values()];
  }
  /** The peer took these: it is rid of all that the spenders spend, and of what stood on that. */
  gaveUp(spends) {
    for (const { spender } of spends) for (const i of this.wallet.tx(spender).tx.inputs) this.gone.add(hex(i.op));
  }
  isGone(op) {
    return this.gone.has(hex(op)) || (this.txs.get(hex(op.subarray(0,
      32)))?.inputs.some((i) => this.isGone(i.op)) ?? false);
  }

  /** 1 complete, 2 refusals, 3 partial. What SKIP named for good counts, too; what the peer gave up does not. */
  worst() {
    const skipped = this.heldOfSkip.filter((o) => o.cls === 'final').map((o) => ({ final: true, op: o.op }));
    return Math.max(1, ...[...this.refusals, ...skipped].filter((r) => !r.op
      || !this.isGone(r.op)).map((r) => (r.final ? 2 : 3)));
  }

  toClose() {
    this.state = 'closing';
    if (this.initiator || !this.something) this.sayClose();
  }
  sayClose() {
    const items = this.wallet.items(this.match);
    const fails = this.accounted === false;
    const result = this.settled ? this.wallet.settled.get(this.peerName).result
      : (!this.receivedFull && this.something) || fails ? 3 : this.worst();
    this.myClose = { result, again: fails ? 1 : 0, summary: summary(items),
      prints: this.has(F.ACCOUNT) ? prints(this.theirs.bounds_key, items) : Array(17).fill(Buffer.alloc(16)) };
    this.say(T.CLOSE, this.myClose);
  }
  /** Whether their fingerprints are what they have to be; undefined when nothing was received in full. */
  account() {
    if (!this.has(F.ACCOUNT) || !this.something || !this.receivedFull) return undefined;
    const items = this.wallet.items(this.match), held = new Map(items.map((i) => [hex(i.op), i]));
    const ours = new Map(this.lacked.filter((i) => held.has(hex(i.op))).map((i) => [hex(i.op), held.get(hex(i.op))])),
      plus = [];
    for (const o of [...this.offered, ...this.heldOfSkip].filter((x) => !this.isGone(x.op))) {
      const op = hex(o.op), mine = held.get(op);
      if (mine?.id.equals(o.id)) ours.delete(op);
      else if (!mine || !this.initiator || ours.has(op)) {
        if (mine) ours.set(op, mine);
        plus.push(o);
      }
    }
    const expected = prints(this.mine.bounds_key, [...items, ...plus], [...ours.values()]);
    return expected.every((p, r) => p.equals(this.theirClose.prints[r]));
  }
  closed() {
    this.accounted = this.account();
    if (!this.initiator && this.something) this.sayClose();
    const { accounted, myClose, theirClose, match } = this;
    if (accounted && match === 1) {
      this.wallet.settled.set(this.peerName, { name: settledName(myClose.summary, theirClose.summary),
        mine: hex(writeSummary(myClose.summary)), result: this.worst(), due: this.due });
    }
    const again = accounted === false || theirClose.again === 1;
    const told = { round: this.round, turns: this.turnsDone, equal: this.equal, settled: this.settled, accounted,
      again, match,
      result: Math.max(myClose.result, accounted === false ? 3 : 0), peerResult: theirClose.result,
        summary: myClose.summary, theirSummary: theirClose.summary };
    this.rounds.push(told);
    this.report(told);
    this.accounted = undefined;
    this.state = 'resting';
    if (!this.has(F.ROUNDS)) this.finish();
    else if (this.initiator && again && this.round < this.autoRounds) this.openRound();
    else if (this.initiator && !this.stay) this.finish();
  }
}
