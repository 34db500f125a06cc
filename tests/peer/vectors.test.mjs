// Agrees with vectors/message, vectors/value and vectors/bump, row by row.
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import assert from 'node:assert';
import { cat, flip, hex, sha256, times, u32, unhex } from './bytes.mjs';
import { parseBump, rootOf, textOf, writeBump, branchOf } from './chain.mjs';
import { entriesDigest, fingerprint, itemOf, itemOrder, join, outpointId, parseEntries, prints, boundsOf, settledName,
  stateHash,
  sumBytes, total, writeEntries } from './values.mjs';
import { checkPart, has, makeFilter, elementsOf } from './filter.mjs';
import { Frames, known, readMessage, writeFrames, writeMessage } from './messages.mjs';

const ROOT = new URL('../../vectors/', import.meta.url);
const op = (text) => { const [txid, vout] = text.split('.'); return cat(flip(unhex(txid)), u32(Number(vout))); };
const DISPLAY = new Set(['tip', 'locator', 'txid', 'wanted', 'spender', 'block']);
/** Decoded fields in the words of the vectors. */
function plain(v, name) {
  if (Buffer.isBuffer(v)) return name === 'outpoint' ? textOf(v) : hex(DISPLAY.has(name) ? flip(v) : v);
  if (typeof v === 'bigint') return String(v);
  if (name === 'entries') return hex(writeEntries(v));
  if (Array.isArray(v)) return v.map((x) => plain(x, name));
  if (v === null || typeof v !== 'object') return v;
  return Object.fromEntries(Object.entries(v).filter(([k]) => k !== 'tree'
    && k !== 'tx').map(([k, x]) => [k, plain(x, k)]));
}
const fails = (c, run) => assert.throws(run, { name: 'Error', reason: c.error === 'peer_limit' ? 4 : 2 }, c.name);
const entry = (e) => ({ author: unhex(e.author ?? '00'.repeat(32)), vout: e.vout, name: Buffer.from(e.name),
  time: BigInt(e.timestamp_us), value: unhex(e.value) });
const summaryOf = (s) => ({ count: BigInt(s.count), sum: unhex(s.sum), fingerprint: unhex(s.fingerprint) });

const TOPICS = {
  message(c, type) {
    if (c.error) return fails(c, () => { const v = readMessage(type, unhex(c.hex));
      if (type === 8) checkPart(v, null); });
    const v = readMessage(type, unhex(c.hex)), { means, outpoints, holds, lacks, ...stated } = c.fields;
    if (type === 8) checkPart(v, null);
    assert.deepStrictEqual(plain(v), { ...stated });
    for (const o of [...(outpoints ?? []), ...(holds ?? [])]) assert(has(v, op(o)));
    for (const o of lacks ?? []) assert(!has(v, op(o)));
    if (c.canonical !== false) assert.equal(hex(writeMessage(type, v)), c.hex);
  },
  'message-unknown': (c) => assert.equal(!known(c.type) && c.type % 2 === 1, c.skipped ?? false),
  'message-frame'(c) {
    const messages = [], frames = new Frames((type, payload) => messages.push({ type, hex: hex(payload) }), c);
    if (c.error) { fails(c, () => frames.feed(unhex(c.hex))); return assert.equal(messages.length, c.messages); }
    for (const byte of unhex(c.hex)) frames.feed(Buffer.from([byte]));
    assert.deepStrictEqual(messages, c.fields.messages);
    if (c.canonical !== false) assert.equal(messages.map((m) => hex(writeFrames(m.type, unhex(m.hex),
      c.max_frame))).join(''), c.hex);
  },
  entries(c) {
    if (c.error) return fails(c, () => parseEntries(unhex(c.bytes)));
    const list = parseEntries(unhex(c.bytes));
    assert.equal(list.length, c.expect.entries);
    assert.equal(hex(writeEntries(join(list, []))), c.bytes);
  },
  join(c) {
    const a = c.a.map(entry), b = c.b.map(entry);
    for (const j of [join(a, b), join(b, a)]) assert.equal(hex(writeEntries(j)), c.expect.encoded);
  },
  state(c) {
    const o = op(c.outpoint), list = join(c.entries.map(entry), []);
    const anchor = c.anchor && { height: c.anchor.height, block: flip(unhex(c.anchor.block)),
      index: BigInt(c.anchor.index) };
    const item = itemOf(o, anchor, list, 1);
    assert.deepStrictEqual({ digest: hex(entriesDigest(o, list, anchor !== null)),
      state: hex(stateHash(o, anchor, list)),
      item_state: hex(item.id), item_outpoint: hex(outpointId(o)), item_time: item.time }, c.expect);
  },
  items(c) {
    const items = c.items.map(([time, id], n) => ({ time, id: unhex(id), n })), t = total(items.map((i) => i.id));
    assert.deepStrictEqual({ count: Number(t.count), sum: hex(sumBytes(t.sum)), fingerprint: hex(fingerprint(t)),
      order: items.sort(itemOrder).map((i) => i.n) }, c.expect);
  },
  bloom(c) {
    const match = c.match === 'state' ? 1 : 2;
    const texts = Array.isArray(c.outpoints)
      ? c.outpoints : times(c.outpoints.vouts, (v) => `${c.outpoints.txid}.${v}`);
    const items = texts.map((t) => itemOf(op(t), null, [], match)).sort((a, b) => a.oid.compare(b.oid));
    const [part] = makeFilter(items, match, unhex(c.key));
    const all = writeMessage(8, part).subarray(1); // the vectors leave the byte "last" out
    const set = times(part.m, (x) => x).filter((x) => (part.bits[x >> 3] >> (x & 7)) & 1);
    assert(items.every((i) => elementsOf(i, match).every((x) => has(part, x))));
    const mine = { m: part.m, k: part.k, sha256: hex(sha256(all)), head: hex(all.subarray(0, 89)), length: all.length,
      bits_set: set };
    assert.deepStrictEqual(Object.fromEntries(Object.keys(c.expect).map((k) => [k, mine[k]])), c.expect);
  },
  account(c) {
    const items = c.items.map(([oid, id]) => ({ oid: unhex(oid), id: unhex(id) })), bounds = boundsOf(unhex(c.key));
    assert.deepStrictEqual(bounds.map(hex), c.expect.bounds);
    assert.deepStrictEqual(prints(unhex(c.key), items).map(hex), c.expect.prints);
  },
  settled: (c) => assert.deepStrictEqual([[c.a, c.b],
    [c.b, c.a]].map(([x, y]) => hex(settledName(summaryOf(x), summaryOf(y)))),
    [c.expect.settled, c.expect.settled]),
  bump(c) {
    if (c.error) return fails(c, () => parseBump(unhex(c.hex)));
    const b = parseBump(unhex(c.hex));
    assert.deepStrictEqual([b.height, hex(flip(rootOf(b)))], [c.height, c.root]);
    for (const [, leaf] of b.txids) { // each branch, written alone, leads to the same root
      const branch = leaf.hash && branchOf(b, leaf.hash);
      if (branch) assert.deepStrictEqual(rootOf(parseBump(writeBump(b.height, [{ ...branch, txid: leaf.hash }]))),
        rootOf(b));
    }
  },
};

for (const folder of ['message', 'value', 'bump'])
  for (const file of readdirSync(new URL(`${folder}/`, ROOT)).sort()) {
    test(`vectors/${folder}/${file}`, () => {
      const { topic, type, cases } = JSON.parse(readFileSync(new URL(`${folder}/${file}`, ROOT), 'utf8'));
      const rows = cases.filter((c) => topic !== 'bump' || c.hex !== undefined); // BUMP as JSON is not spoken here
      for (const c of rows) (TOPICS[topic] ?? ((x) => TOPICS.message(x, type)))(c);
      console.log(`count: vectors/${folder}/${file} ${rows.length} of ${cases.length}`);
    });
  }
