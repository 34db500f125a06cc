// Syncs with the command in the environment variable GASP, in both directions and both roles.
import { spawn, execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import assert from 'node:assert';
import { flip, hex, times } from './bytes.mjs';
import { finish } from './chain.mjs';
import { Chain, spend } from './data.mjs';
import { serve, sync } from './net.mjs';
import { summary } from './values.mjs';
import { Wallet } from './wallet.mjs';

const GASP = process.env.GASP, dir = mkdtempSync(join(tmpdir(), 'gasp-peer-'));
const at = (name) => join(dir, name);
const started = [];
after(() => { started.forEach((p) => p.kill()); rmSync(dir, { recursive: true }); });

/** Runs the command; gives its JSON and exit code. */
const gasp = (...args) => new Promise((resolve, reject) => {
  const child = spawn(GASP, [...args, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '', err = '';
  child.stdout.on('data', (d) => { out += d; });
  child.stderr.on('data', (d) => { err += d; });
  child.on('error', reject);
  child.on('close', (code) => resolve({ code, err, ...(out.trim() ? JSON.parse(out) : {}) }));
});

const chain = new Chain(), text = (tx, vout) => `${hex(flip(tx.txid))}.${vout}`;
const base = chain.mine([], 160);
const pays = times(100, (n) => spend([{ tx: base, vout: n }], [400000 + n, 500000 + n]));
for (let n = 0; n < 100; n += 10) chain.mine(pays.slice(n, n + 10));
const funds = times(30, (n) => spend([{ tx: base, vout: 100 + n }], [900000]));
chain.mine(funds);
const chains = times(20, (n) => {
  const a = spend([{ tx: funds[n], vout: 0 }], [880000]), b = spend([{ tx: a, vout: 0 }], [860000, 1000]);
  return [funds[n], a, b, spend([{ tx: b, vout: 0 }, { tx: b, vout: 1 }], [850000])];
});
const bad = spend([{ tx: funds[25], vout: 0 }], [880000]);
bad.inputs[0].script[20] ^= 1; // inside the signature
finish(bad);
// Proven on one side, unproven on the other; and unproven ones with a rival that the other side knows as proven.
const pay = (n, sat) => spend([{ tx: funds[n], vout: 0 }], [sat]);
const lates = [pay(26, 880000), pay(27, 880000)], winners = [pay(28, 880000), pay(29, 880000)],
  losers = [pay(28, 870000), pay(29, 870000)];
chain.mine([...lates, ...winners]);
const oursSpends = spend([{ tx: pays[50], vout: 0 }], [390000]),
  theirsSpends = spend([{ tx: pays[51], vout: 0 }], [390000]);

/** The wallet here: pays 40 to 99, chains 10 to 19, a spent output, labels. */
function mine(more = []) {
  const w = new Wallet();
  chain.headers.forEach((raw, height) => w.addHeader(height, raw));
  for (const tx of pays.slice(40)) w.commit([chain.node(tx)], tx, [0, 1]);
  for (const c of chains.slice(10)) w.commit(c.map((tx) => chain.node(tx)), c[3], [0]);
  w.commit([chain.node(oursSpends)], oursSpends, []);
  w.commit([chain.node(lates[0])], lates[0], [0]);
  w.commit([chain.node(lates[1], null), chain.node(funds[27])], lates[1], [0]);
  w.commit([chain.node(funds[28])], funds[28], [0]);
  w.commit([chain.node(winners[0])], winners[0], []);
  w.commit([chain.node(losers[1]), chain.node(funds[29])], losers[1], [0]);
  for (const tx of more) w.commit([chain.node(tx), chain.node(funds[25])], tx, [0]);
  w.label(text(pays[45], 0), 'note', 'from here', 1700000000000000);
  w.label(text(pays[45], 0), 'who', 'older', 1600000000000000);
  w.label(text(pays[90], 1), 'alone', 'here', 1700000000000000);
  return w;
}
before(async () => { // theirs: pays 0 to 59, chains 0 to 9, a spent output, labels
  writeFileSync(at('headers'), chain.raw());
  const tell = async (command, txs, unproven, ...args) => {
    writeFileSync(at('beef'), chain.beef(txs, unproven));
    const { counts, code } = await gasp(command, at('template'), at('beef'), ...args);
    assert.deepStrictEqual([code, counts?.committed ?? txs.length], [0, txs.length]);
  };
  await gasp('init', at('template'), '--network', 'regtest');
  assert.equal((await gasp('headers', 'import', at('template'), at('headers'), '--height', '1')).tip_height, 13);
  await tell('import', pays.slice(0, 60));
  for (const c of chains.slice(0, 10)) await tell('import', c, [], '--outputs', '0');
  await tell('import', [funds[26], lates[0]], [lates[0]], '--outputs', '0');
  await tell('import', [lates[1]], []);
  await tell('import', [funds[29]], []);
  await tell('spend', [winners[1]], []);
  await tell('import', [funds[28], losers[0]], [], '--outputs', '0');
  await tell('spend', [theirsSpends], []);
  await gasp('label', at('template'), text(pays[45], 0), 'who=newer');
  await gasp('label', at('template'), text(pays[3], 1), 'alone=there');
});
async function theirs(name) {
  cpSync(at('template'), at(name), { recursive: true });
  return at(name);
}
/** Starts `gasp serve`; gives its address, and how to stop it. */
async function served(path, ...args) {
  const child = spawn(GASP, ['serve', path, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  started.push(child);
  const line = await new Promise((resolve) => { let out = '';
    child.stdout.on('data', (d) => { out += d; if (out.includes('\n')) resolve(out); }); });
  return { address: /(unix:|tcp:)\S+/.exec(line)[0],
    stop: () => new Promise((r) => { child.on('close', r); child.kill(); }) };
}
const digest = (w, without = []) => hex(summary(w.items(1).filter((i) => !without.includes(i.rec.tx))).fingerprint);
/** Both list the same, field by field; `without` are transactions that only the wallet here has. */
async function same(w, path, without = []) {
  const { outputs, digest: theirDigest } = await gasp('list', path);
  const mineList = w.list().filter((o) => !without.some((tx) => o.outpoint === text(tx, 0)));
  assert.deepStrictEqual(outputs.filter((o) => !o.unanchored), mineList); // gasp lists what lost to a proven rival, too
  assert.equal(theirDigest, digest(w, without));
  return outputs.length;
}
let unique = 0;
/** Three syncs in each role; we change a label before the third. `want(n, initiator)` is what has to come. */
async function bothRoles(name, want, { more = [], options = {}, tcp = false, lists = true,
  roles = [true, false] } = {}) {
  for (const initiator of roles) {
    const path = await theirs(`w${++unique}`), wallet = mine(more), rounds = [];
    const address = tcp ? 'tcp://127.0.0.1:0' : `unix:${path}.sock`,
      all = { wallet, report: (r) => rounds.push(r), ...options };
    const peer = initiator ? await served(path, '--listen', address, '--allow-anonymous') : await serve(address, all);
    const to = initiator ? peer.address : tcp ? `tcp://127.0.0.1:${peer.address().port}` : address;
    for (const n of [0, 1, 2]) {
      if (n === 2) wallet.label(text(pays[99], 1), 'third', 'sync', 1700000000000000n);
      const out = initiator ? await sync(to, all) : await gasp('sync', path, to);
      assert(!out.error, `${name}: ${out.error?.message ?? out.error?.code}`);
      assert.equal(rounds.length, 1, `${name}, sync ${n}: one round was enough`);

      const round = rounds.pop(), expected = want(n, initiator);
      assert.deepStrictEqual(Object.fromEntries(Object.keys(expected).map((k) => [k, round[k]])), expected,
        `${name}, we ${initiator ? 'initiate' : 'respond'}, sync ${n}`);
      if (!initiator) assert.equal(out.result, [, 'complete', 'refusals', 'partial'][round.peerResult]);
    }
    if (initiator) await peer.stop(); else peer.close();
    const role = initiator ? 'initiate' : 'respond';
    if (lists) console.log(`count: ${name}, we ${role}: ${await same(wallet, path, more)} outputs on both sides`);
  }
}
const bothWays = (n) => [{ turns: 3, accounted: true, result: 1, peerResult: 1 },
  { turns: 0, equal: true, result: 1, peerResult: 1 },
  { turns: 2, accounted: true, result: 1, peerResult: 1 }][n];
test('unix', () => bothRoles('unix', bothWays));
test('tcp', () => bothRoles('tcp', bothWays, { tcp: true }));
test('a bad signature is refused, and the second sync is settled', () => bothRoles('bad signature',
  (n) => ({ ...bothWays(n), equal: false, settled: n === 1, peerResult: 2 }), { more: [bad] }));
test('small limits', () => bothRoles('small limits', bothWays,
  { options: { limits: { max_frame: 1024, max_wants: 1, credit_roots: 2, credit_bytes: 500n } } }));
// The summary of an initiator that offers match=state says nothing under match=outpoint.
test('match=outpoint', () => bothRoles('match=outpoint',
  (n, initiator) => ({ match: 2, turns: n === 0 ? 3 : initiator ? 0 : 2 }),
  { options: { match: 2 }, lists: false }));
for (const features of times(15, BigInt)) test(`features ${features}`, () => bothRoles(`features ${features}`,
  (n) => (n === 1 ? {} : { turns: features & 2n && n === 0 ? 3 : 2, accounted: features & 8n ? true : undefined }),
  { options: { features }, lists: (features & 2n) !== 0n }));
// What does not come takes turn 1 or 2 as a look. One side has no account then, and each round has two turns.
const oneWay = (ours) => () => ({ turns: 2, accounted: ours ? true : undefined, result: ours ? 2 : 3,
  peerResult: ours ? 3 : 2 });
test('write only', () => bothRoles('write only', oneWay(true), { options: { rights: 2 }, lists: false }));
test('read only, they initiate', () => bothRoles('read only', oneWay(false),
  { options: { rights: 1 }, lists: false, roles: [false] }));
test('read only, we initiate',
  () => bothRoles('read only', oneWay(false), { options: { rights: 1 }, lists: false, roles: [true] }));

test('what was spent while SPEND was not in force is told after SKIP', async () => {
  const path = await theirs('skip'), wallet = mine(), rounds = [], options = { wallet, report: (r) => rounds.push(r) };
  const peer = await served(path, '--listen', `unix:${path}.sock`);
  for (const features of [13n, 15n, 15n]) {
    assert(!(await sync(peer.address, { ...options, features })).error);
    if (features === 13n) wallet.label(text(pays[99], 1), 'else', 'it would be settled', 1700000000000000n);
  }
  // A rival is told in the round that refused for it; later our SKIP names the loser: theirs stays (question 14).
  assert.deepStrictEqual(rounds.map((r) => [r.accounted, r.settled]),
    [[true, false], [true, false], [undefined, true]]);
  await peer.stop();
  const { outputs } = await gasp('list', path), spent = [text(pays[50], 0), text(pays[51], 0)];
  assert(![...outputs, ...wallet.list()].some((o) => spent.includes(o.outpoint)), 'both are rid of what is spent');
});
test('a header that we lack, then have', async () => {
  const path = await theirs('missing'), wallet = mine(), rounds = [],
    options = { wallet, report: (r) => rounds.push(r) };
  const peer = await served(path, '--listen', `unix:${path}.sock`), header = wallet.headers.get(3);
  for (const n of [0, 1]) {
    if (n === 0) wallet.headers.delete(3); else wallet.headers.set(3, header);
    assert(!(await sync(peer.address, options)).error);
  }
  assert.deepStrictEqual(rounds.map((r) => [r.accounted, r.result]), [[true, 3], [true, 1]]);
  await peer.stop();
  console.log(`count: a header later: ${await same(wallet, path)} outputs on both sides`);
});
test('another header: refused for good, settled, named by SKIP', async () => {
  const path = await theirs('other'), wallet = mine(), rounds = [], options = { wallet, report: (r) => rounds.push(r) };
  const peer = await served(path, '--listen', `unix:${path}.sock`);
  wallet.headers.set(3, wallet.headers.get(4)); // block 3 has only pays of theirs
  for (const n of [0, 1, 2]) {
    if (n === 2) wallet.label(text(pays[99], 1), 'third', 'sync', 1700000000000000n);
    assert(!(await sync(peer.address, options)).error);
  }
  assert.deepStrictEqual(rounds.map((r) => [r.turns, r.accounted, r.settled, r.result]),
    [[3, true, false, 2], [0, undefined, true, 2], [2, true, false, 2]]);
  await peer.stop();
});
test('CHANGED asks for a further round', async () => {
  const path = await theirs('changed'), stays = mine(), rounds = [];
  const peer = await served(path, '--listen', `unix:${path}.sock`);
  const more = new Promise((resolve) => {
    sync(peer.address, { wallet: stays, stay: true, report: (r) => rounds.push(r) === 2 && resolve() });
  });
  const other = mine();
  while (rounds.length < 1) await new Promise((r) => setTimeout(r, 20));
  other.label(text(pays[70], 0), 'news', 'of another', 1700000000000000n);
  assert(!(await sync(peer.address, { wallet: other })).error);
  await more;
  assert.deepStrictEqual([rounds[1].round, rounds[1].accounted], [1, true]);
  await peer.stop();
  console.log(`count: CHANGED: ${await same(stays, path)} outputs on both sides`);
});
test('exec', async () => {
  const path = await theirs('exec'), wallet = mine();
  assert(!(await sync(`exec:${GASP} serve ${path} --stdio --quiet`, { wallet })).error);
  console.log(`count: exec: ${await same(wallet, path)} outputs on both sides`);
  writeFileSync(at('headers'), Buffer.concat(chain.headers));
  const script = new URL('stdio.mjs', import.meta.url).pathname;
  const r = await gasp('sync', path, `exec:${process.execPath} ${script} ${at('headers')}`);
  assert.deepStrictEqual([r.code, r.result, r.peer_result], [0, 'complete', 'complete']);
  assert(r.err.includes(`digest ${r.summary.digest}`), 'an empty wallet took all');
});
