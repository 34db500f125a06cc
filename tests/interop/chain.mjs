// BEEF, BUMP, transactions and extended form of @bsv/sdk and ours, each read by the other. The SDK is the oracle: every
// root, txid and verdict here is computed by it. Where the two differ, the exact cases are named, with the clause.
import assert from 'node:assert/strict'

import { Beef, Hash, MerklePath, P2PKH, PrivateKey, Transaction, Utils } from '@bsv/sdk'

import {
  below, cases, count, decode, file, mined, oneIn, randomBytes, randomHash, rootOf, run, shared, someOf, tracker, trust, wallet
} from './lib.mjs'

const corpus = JSON.parse(shared('beef/beef-corpus.json'))
const bytesOf = (row) => Utils.toArray(row.hex, 'hex')

function attempt (work) {
  try {
    return work()
  } catch {
    return null
  }
}

// ---- BEEFs of the corpus ----

// A transaction without inputs creates money; bitcoin-sv's CheckTransaction refuses it, so do we when reading (exit 5).
const readByTheSdkAlone = [8]

function compareBeef (theirs, ours) {
  assert.deepEqual(ours.transactions.map((tx) => tx.txid), theirs.txs.map((tx) => tx.txid))
  assert.equal(ours.subject, theirs.atomicTxid)
  assert.equal(ours.version, theirs.version === 4022206465 ? 1 : 2)
  assert.equal(ours.bumps.length, theirs.bumps.length)
  ours.bumps.forEach((bump, i) => {
    assert.equal(bump.height, theirs.bumps[i].blockHeight)
    for (const leaf of bump.transactions) assert.equal(theirs.bumps[i].computeRoot(leaf.txid), bump.root)
  })
  ours.transactions.forEach((tx, i) => assert.equal(tx.bump, theirs.txs[i].bumpIndex))
}

function beefs_of_the_corpus () {
  const alone = []
  const done = { both: 0, neither: 0, txids: 0, roots: 0, holds: 0 }
  corpus.forEach((row, i) => {
    const theirs = attempt(() => Beef.fromBinary(bytesOf(row)))
    const ours = decode([0, 5, 6], bytesOf(row))
    if (theirs === null) {
      assert.equal(ours.code, 5, `case ${i} is read by us alone`)
      done.neither++
    } else if (ours.code === 5) {
      alone.push(i)
    } else {
      compareBeef(theirs, ours)
      // Whether every transaction said to be proven is a leaf, and every other one stands on such: exit 6 where not.
      assert.equal(ours.code === 0, theirs.isValid(false), `case ${i}: ${ours.said}`)
      done.both++
      done.holds += ours.code === 0
      done.txids += ours.transactions.length
      done.roots += ours.bumps.length
    }
  })
  assert.deepEqual(alone, readByTheSdkAlone)
  assert.equal(decode(5, bytesOf(corpus[8])).error.code, 'tx_no_inputs')
  assert.deepEqual(done, { both: 36, neither: 1, txids: 110, roots: 47, holds: 35 })
  count(`corpus: ${done.both} BEEFs read by both, ${done.txids} txids and ${done.roots} roots equal, ` +
    `${done.holds} hold for both; ${done.neither} read by neither, ${alone.length} by the SDK alone`)
}

// ---- real proofs: the SDK's BEEF in, ours out, real headers ----

function realHeaders (...heights) {
  const all = shared('headers/bsv-mainnet-900000-916817.headers')
  return heights.map((height) => [height, all.subarray((height - 900000) * 80, (height - 899999) * 80)])
}

// Exports in both forms; the SDK reads them, finds the same proofs and verifies against its ChainTracker.
async function verifiedBySdk (path, txid, roots, tip) {
  let proofs = 0
  for (const form of ['beef', 'atomic']) {
    const bytes = Utils.toArray(run(0, 'export', path, txid, '--format', form).hex, 'hex')
    const tx = form === 'atomic' ? Transaction.fromAtomicBEEF(bytes) : Transaction.fromBEEF(bytes, txid)
    assert.equal(tx.id('hex'), txid)
    const beef = Beef.fromBinary(bytes)
    assert.ok(beef.isValid(false))
    assert.equal(beef.atomicTxid, form === 'atomic' ? txid : undefined)
    for (const bump of beef.bumps) {
      for (const leaf of bump.path[0].filter((leaf) => leaf.txid)) {
        assert.equal(bump.computeRoot(leaf.hash), roots.get(bump.blockHeight))
        proofs++
      }
    }
    assert.equal(await tx.verify(tracker(roots, tip)), true)
    const wrong = new Map([...roots].map(([height]) => [height, randomHash()]))
    assert.notEqual(await tx.verify(tracker(wrong, tip)).catch(() => false), true)
    // Bytes that the SDK wrote from what it read of ours are of the same content.
    const again = decode(0, form === 'atomic' ? tx.toAtomicBEEF() : tx.toBEEF())
    assert.deepEqual(again.transactions.map((t) => t.txid).sort(), beef.txs.map((t) => t.txid).sort())
  }
  return proofs
}

async function real_proofs () {
  const headers = realHeaders(905506, 905906)
  const roots = new Map(headers.map(([height, header]) => [height, rootOf(header)]))
  const path = wallet('main')
  for (const [height, header] of headers) trust(path, header, height)
  // Case 16 stands on two blocks, of which 897738 is before the headers that are here: all of it is set aside. What of it
  // stands on 905506 alone is cut out by the SDK.
  const whole = run(1, 'import', path, file(bytesOf(corpus[16])))
  assert.deepEqual(whole.counts, { committed: 0, known: 0, aside: 2, refused: 0, unneeded: 3 })
  const subject = '1179a30bdb56c6c0de6268c83240a832a64b5f571076142e5f746ecfc45759b0'
  const part = Transaction.fromBEEF(bytesOf(corpus[16]), subject)
  assert.equal(run(0, 'import', path, file(part.toAtomicBEEF())).counts.committed, 3)
  assert.equal(run(0, 'import', path, file(bytesOf(corpus[18]))).counts.committed, 1)
  let proofs = 0
  const txids = [subject, Beef.fromBinary(bytesOf(corpus[18])).txs[0].txid]
  for (const txid of txids) proofs += await verifiedBySdk(path, txid, roots, 916817)
  assert.equal(proofs, 2 * (2 + 1))
  count(`real proofs: heights 905506 and 905906, ${txids.length} transactions exported in two forms, ${proofs} proofs verified by the SDK`)
}

// ---- BUMPs ----

// The whole tree, level by level; the last node of an odd level stands for its missing neighbour.
function levelsOf (txids) {
  const levels = [txids.map((txid, offset) => ({ offset, hash: txid, txid: true }))]
  for (let row = txids; row.length > 1;) {
    const up = []
    if (row.length % 2 === 1) levels.at(-1).push({ offset: row.length, duplicate: true })
    for (let i = 0; i < row.length; i += 2) {
      const pair = Utils.toArray((row[i + 1] ?? row[i]) + row[i], 'hex').reverse()
      up.push(Utils.toHex(Hash.hash256(pair).reverse()))
    }
    if (up.length > 1) levels.push(up.map((hash, offset) => ({ offset, hash })))
    row = up
  }
  return levels
}

// The path of one leaf.
function pathOf (levels, height, index) {
  const path = levels.map((row, level) => row.filter((node) => node.offset === ((index >> level) ^ 1)))
    .map((row) => row.map(({ txid, ...node }) => node))
  path[0].push({ ...levels[0][index] })
  path[0].sort((a, b) => a.offset - b.offset)
  return new MerklePath(height, path)
}

// `chosen` are marked as the path's own; the SDK's extract marks their neighbours too, where it knew these as txids.
function compareBump (bump, chosen) {
  const ours = decode(0, bump.toBinary())
  const marked = bump.path[0].filter((leaf) => leaf.txid).map((leaf) => leaf.hash)
  for (const txid of chosen) assert.ok(marked.includes(txid))
  assert.equal(ours.format, 'bump')
  assert.equal(ours.height, bump.blockHeight)
  assert.deepEqual(ours.transactions.map((leaf) => leaf.txid).sort(), marked.sort())
  for (const txid of marked) assert.equal(ours.root, bump.computeRoot(txid))
  return ours
}

function random_bumps () {
  const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 15, 16, 17, 31, 32, 33, 37, 63, 64, 65, 100, 127, 129, 255, 257, 1000, 1023, 4097]
  const done = { paths: 0, compound: 0, leaves: 0 }
  for (const size of sizes) {
    const txids = Array.from({ length: size }, randomHash)
    const height = below(2 ** 31)
    const levels = levelsOf(txids)
    for (let i = 0; i < Math.ceil(8 / oneIn); i++) {
      const chosen = someOf(txids, 12)
      const paths = chosen.map((txid) => pathOf(levels, height, txids.indexOf(txid)))
      const one = compareBump(paths[0], [chosen[0]])
      // A tree whose levels the SDK makes by itself, from nothing but the txids. Its extract makes no duplicate on level 0.
      if (size <= 65) {
        const whole = new MerklePath(height, [txids.map((hash, offset) => ({ offset, hash, txid: true }))])
        assert.equal(one.root, whole.computeRoot())
        compareBump(whole, txids)
        if (size > 1 && Number.isInteger(Math.log2(size))) compareBump(whole.extract(chosen), chosen)
      }
      for (const path of paths.slice(1)) paths[0].combine(path)
      assert.equal(compareBump(paths[0], chosen).root, one.root)
      done.paths++
      done.compound++
      done.leaves += chosen.length
    }
  }
  assert.equal(done.paths, sizes.length * Math.ceil(8 / oneIn))
  count(`BUMPs: trees of ${sizes.length} sizes from 1 to 4097, ${done.paths} paths and ${done.compound} compound ones of ` +
    `${done.leaves} leaves: roots equal`)
}

// What the SDK reads and we refuse, by our code:
const sdkReadsAlone = new Set([
  'bump_flags', // BRC-74 has the flags 0, 1 and 2; the SDK looks at the lowest two bits and takes 3 for 1
  'bump_offset_range', // the tree height bounds the offsets; the SDK takes them as they come
  'bump_missing', // a sibling that is not there; the SDK takes it for a duplicate where a tree of one level ends
  'bump_duplicate', // only the last node of a level stands for its neighbour, which is then on the right
  'trailing' // bytes behind the path are no part of it
])

// Whether the SDK would meet more leaves than there are bytes. Its reader gives nothing, but no error either, behind the end
// of the input, so that it reads on until memory is full: it is not asked about such a path.
function isEndless (bytes) {
  const reader = new Utils.Reader(bytes)
  reader.readVarIntNum()
  for (let levels = reader.readUInt8(); levels > 0; levels--) {
    const leaves = reader.readVarIntNum()
    if (!(leaves * 2 <= bytes.length - reader.pos)) return true
    for (let i = 0; i < leaves; i++) {
      reader.readVarIntNum()
      if ((reader.readUInt8() & 1) === 0) reader.pos += 32
    }
  }
  return reader.pos > bytes.length
}

function changed (i) {
  const txids = Array.from({ length: 2 + below(40) }, randomHash)
  const chosen = someOf(txids, 4)
  const levels = levelsOf(txids)
  const path = pathOf(levels, below(2 ** 31), txids.indexOf(chosen[0]))
  for (const txid of chosen.slice(1)) path.combine(pathOf(levels, path.blockHeight, txids.indexOf(txid)))
  const bytes = path.toBinary()
  // Most bytes are of hashes, which change nothing but the root: every second change is in the first ones instead.
  bytes[below(i % 2 === 0 ? bytes.length : Math.min(16, bytes.length))] ^= 1 << below(8)
  return bytes
}

// One byte changed at random: when both read it, roots are equal; nothing is read by us alone.
function changed_bumps () {
  const done = { both: 0, neither: 0, sdk: 0, short: 0 }
  const n = Math.ceil(400 / oneIn)
  for (let i = 0; i < n; i++) {
    const bytes = changed(i)
    const ours = decode([0, 5], bytes, '--format', 'bump')
    if (attempt(() => isEndless(bytes)) !== false) {
      assert.equal(ours.code, 5, `read by us: ${Utils.toHex(bytes)}`)
      done.short++
      continue
    }
    const theirs = attempt(() => MerklePath.fromBinary(bytes))
    if (ours.code === 0) {
      assert.notEqual(theirs, null, `read by us alone: ${Utils.toHex(bytes)}`)
      assert.equal(ours.root, theirs.computeRoot(), Utils.toHex(bytes))
      done.both++
    } else if (theirs === null) {
      done.neither++
    } else {
      assert.ok(sdkReadsAlone.has(ours.error.code), `${ours.error.code}: ${Utils.toHex(bytes)}`)
      done.sdk++
    }
  }
  assert.equal(done.both + done.neither + done.sdk + done.short, n)
  assert.ok(done.both > n / 4)
  count(`changed BUMPs: ${done.both} read by both with equal roots, ${done.neither} by neither, ${done.sdk} by the SDK alone, ` +
    `${done.short} end too early`)
}

// One of each that random changes seldom make.
function differing_bumps () {
  const one = new MerklePath(7, [[{ offset: 0, hash: randomHash() }, { offset: 1, hash: randomHash(), txid: true }]]).toBinary()
  const flags = one.slice()
  flags[4] = 6
  const differing = [[flags, 'bump_flags'], [[...one, 0], 'trailing'], [one.slice(0, -1), 'short']]
  for (const [bytes, code] of differing) {
    assert.doesNotThrow(() => MerklePath.fromBinary(bytes))
    assert.equal(decode(5, bytes, '--format', 'bump').error.code, code)
  }
  count(`differing BUMPs: ${differing.length} that only the SDK reads, each refused for its reason`)
}

// ---- transactions ----

const scopes = ['all', 'none', 'single'].flatMap((outputs) => [[outputs, false], [outputs, true]])

const newKey = () => new PrivateKey(randomBytes(32))
const lockTo = (key) => new P2PKH().lock(key.toPublicKey().toHash())

// n outputs to keys of their own. Its input is of nowhere: it can only stand in a block.
function fund (n) {
  const keys = Array.from({ length: n }, newKey)
  const tx = new Transaction()
  tx.addInput({ sourceTXID: randomHash(), sourceOutputIndex: below(9), unlockingScript: lockTo(newKey()), sequence: 0xffffffff })
  for (const key of keys) tx.addOutput({ satoshis: 1000 + below(100000), lockingScript: lockTo(key) })
  return { tx, keys }
}

// Spends those outputs, each signature with the next of the six kinds.
async function spend (parent, vouts, nOut) {
  const tx = new Transaction(1 + below(2), [], [], 0)
  const keys = Array.from({ length: nOut }, newKey)
  vouts.forEach((vout, i) => tx.addInput({
    sourceTransaction: parent.tx,
    sourceOutputIndex: vout,
    sequence: 0xffffffff - below(2) * below(1000),
    unlockingScriptTemplate: new P2PKH().unlock(parent.keys[vout], ...scopes[(i + below(6)) % 6])
  }))
  const sat = vouts.reduce((sum, vout) => sum + parent.tx.outputs[vout].satoshis, 0)
  for (const key of keys) tx.addOutput({ satoshis: Math.floor(sat / nOut), lockingScript: lockTo(key) })
  await tx.sign()
  assert.equal(await tx.verify('scripts only'), true)
  return { tx, keys }
}

function compareTx (tx, bytes, extended) {
  const ours = decode(0, bytes)
  assert.equal(ours.format, 'tx')
  assert.equal(ours.txid, tx.id('hex'))
  assert.equal(ours.extended, extended)
  assert.equal(ours.version, tx.version)
  assert.deepEqual(ours.inputs, tx.inputs.map((input) => ({
    outpoint: `${input.sourceTransaction.id('hex')}.${input.sourceOutputIndex}`,
    script: input.unlockingScript.toHex(),
    sequence: input.sequence,
    ...(extended && {
      source_sat: input.sourceTransaction.outputs[input.sourceOutputIndex].satoshis,
      source_script: input.sourceTransaction.outputs[input.sourceOutputIndex].lockingScript.toHex()
    })
  })))
  assert.deepEqual(ours.outputs, tx.outputs.map((out) => ({ sat: out.satoshis, script: out.lockingScript.toHex() })))
}

// The same transaction with one byte of one signature changed, behind its DER head and before its type.
function broken (tx) {
  const bytes = tx.toEF()
  const script = tx.inputs[below(tx.inputs.length)].unlockingScript.toBinary()
  const at = Buffer.from(bytes).indexOf(Buffer.from(script))
  bytes[at + 1 + 5 + below(20)] ^= 1 << below(8)
  return bytes
}

// Funds in a made block with other leaves: the SDK's compound path is the proof, the header is taken by decree.
function provenBlock (path, height, funds) {
  const txids = Array.from({ length: funds.length + 1 + below(60) }, randomHash)
  const first = 1 + below(txids.length - funds.length)
  txids.splice(first, funds.length, ...funds.map((one) => one.tx.id('hex')))
  const levels = levelsOf(txids)
  const header = mined(pathOf(levels, height, first).computeRoot(), height)
  funds.forEach((one, i) => { one.tx.merklePath = pathOf(levels, height, first + i) })
  trust(path, header, height)
  return rootOf(header)
}

const committed = (report) => report.counts.committed

async function signed_by_the_sdk () {
  const path = wallet('regtest')
  const roots = new Map()
  const done = { blocks: 0, txs: 0, inputs: 0, refused: 0, proofs: 0, ef: 0 }
  const blocks = Math.ceil(12 / oneIn)
  for (let i = 0; i < blocks; i++) {
    const height = 200 + i
    const funds = [fund(6), fund(1 + below(6))]
    roots.set(height, provenBlock(path, height, funds))
    const [first, second] = [await spend(funds[0], [0, 1, 2, 3, 4, 5], 3), await spend(funds[1], [0], 2)]
    for (const child of [first, second]) {
      compareTx(child.tx, child.tx.toEF(), true)
      compareTx(child.tx, child.tx.toBinary(), false)
      assert.equal(Transaction.fromEF(child.tx.toEF()).id('hex'), child.tx.id('hex'))
    }
    // Without its parent it waits; the parent alone is taken; then the extended form by itself is enough.
    assert.equal(run(1, 'import', path, file(first.tx.toEF())).counts.aside, 1)
    assert.equal(committed(run(0, 'import', path, file(funds[0].tx.toBEEF()))), 1)
    const refused = run(6, 'import', path, file(broken(first.tx)))
    assert.equal(refused.transactions[0].code, 'verify_script', refused.said)
    assert.equal(committed(run(0, 'import', path, file(first.tx.toEF()))), 1)
    // The other with what it stands on in one BEEF of the SDK's, then what spends both from the two forms.
    assert.equal(committed(run(0, 'import', path, file(i % 2 ? second.tx.toAtomicBEEF() : second.tx.toBEEF()))), 2)
    const grandchild = await spend(first, [0, 2], 1)
    assert.equal(run(6, 'import', path, file(broken(grandchild.tx))).counts.refused, 1)
    assert.equal(committed(run(0, 'import', path, file(grandchild.tx.toBinary()))), 1)
    for (const tx of [second.tx, grandchild.tx]) done.proofs += await verifiedBySdk(path, tx.id('hex'), roots, 250)
    done.txs += 5
    done.inputs += 6 + 1 + 2
    done.refused += 2
    done.blocks++
  }
  assert.equal(done.txs, 5 * blocks)
  count(`signed by the SDK: ${done.txs} transactions of ${done.blocks} blocks committed, ${done.inputs} signatures of six kinds ` +
    `hold; ${done.refused} with a changed signature refused; ${done.proofs} exported proofs verified by the SDK`)
}

// Amounts of the extended form are claims. Ours come from the parent; a signature over other ones does not hold.
async function wrong_amount () {
  const path = wallet('regtest')
  const funds = [fund(1)]
  provenBlock(path, 300, funds)
  const txid = funds[0].tx.id('hex')
  assert.equal(committed(run(0, 'import', path, file(funds[0].tx.toBEEF()))), 1)
  funds[0].tx.outputs[0].satoshis++
  const lie = new Transaction(1, [], [{ satoshis: 1, lockingScript: lockTo(newKey()) }])
  lie.addInput({
    sourceTransaction: funds[0].tx,
    sourceTXID: txid,
    sourceOutputIndex: 0,
    sequence: 0xffffffff,
    unlockingScriptTemplate: new P2PKH().unlock(funds[0].keys[0])
  })
  await lie.sign()
  const refused = run(6, 'import', path, file(lie.toEF()))
  assert.equal(refused.counts.refused, 1, refused.said)
  count('amounts: a transaction signed over another amount than its parent has is refused')
}

await cases([beefs_of_the_corpus, real_proofs, random_bumps, changed_bumps, differing_bumps, signed_by_the_sdk, wrong_amount])
