// sync.mjs FILE RUNS: two instances of @bsv/gasp in this process, each on a Map, sync what bench_sync wrote from the full to
// the empty one. Every call crosses as JSON text, as it would cross a network; what it would need of HTTP is left out, as is
// the framing of a transport in bench_sync. The storage reads transaction and path when they come and compares the path's
// root with a table when a graph ends: what bench_sync's wallet does, without a store.
import { readFileSync } from 'node:fs'

import { GASP } from '@bsv/gasp'
import { MerklePath, Transaction } from '@bsv/sdk'

import { measure } from './measure.mjs'

const rows = readFileSync(process.argv[2], 'utf8').trim().split('\n').map((line) => JSON.parse(line))
const roots = new Map(rows.map((row) => [row.height, row.root]))

class Storage {
  constructor (held) {
    this.held = held
    this.graphs = new Map()
  }

  async findKnownUTXOs (since) {
    return [...this.held.values()].filter((node) => node.score >= since)
      .map(({ txid, outputIndex, score }) => ({ txid, outputIndex, score }))
  }

  async hydrateGASPNode (graphID, txid, outputIndex) {
    const { rawTx, proof } = this.held.get(`${txid}.${outputIndex}`)
    return { graphID, rawTx, outputIndex, proof }
  }

  // All are proven: nothing below them is needed.
  async findNeededInputs () {}

  async appendToGraph (node) {
    const tx = Transaction.fromHex(node.rawTx)
    tx.merklePath = MerklePath.fromHex(node.proof)
    this.graphs.set(node.graphID, { node, tx })
  }

  async validateGraphAnchor (graphID) {
    const { tx } = this.graphs.get(graphID)
    if (tx.merklePath.computeRoot(tx.id('hex')) !== roots.get(tx.merklePath.blockHeight)) throw new Error('not anchored')
  }

  async discardGraph (graphID) {
    this.graphs.delete(graphID)
  }

  async finalizeGraph (graphID) {
    const { node, tx } = this.graphs.get(graphID)
    this.graphs.delete(graphID)
    this.held.set(graphID, { txid: tx.id('hex'), outputIndex: node.outputIndex, score: this.held.size + 1, ...node })
  }
}

// The other side, reached by text alone.
class Remote {
  constructor (gasp) {
    this.gasp = gasp
    this.up = 0
    this.down = 0
    this.messages = 0
    for (const name of ['getInitialResponse', 'getInitialReply', 'requestNode', 'submitNode']) {
      this[name] = async (...args) => {
        const question = JSON.stringify(args)
        const answer = JSON.stringify(await gasp[name](...JSON.parse(question)) ?? null)
        this.up += question.length
        this.down += answer.length
        this.messages += 2
        return JSON.parse(answer) ?? undefined
      }
    }
  }
}

const full = new Map(rows.map((row, i) => {
  const txid = Transaction.fromHex(row.tx).id('hex')
  return [`${txid}.0`, { txid, outputIndex: 0, score: i + 1, rawTx: row.tx, proof: row.proof }]
}))

function setup () {
  const remote = new Remote(new GASP(new Storage(new Map(full)), null, 0, '', false, false, 0))
  const mine = new Map()
  return { mine, remote, gasp: new GASP(new Storage(mine), remote, 0, '', false, false, 0) }
}

await measure('sync', '@bsv/gasp 1.2.0', rows.length, Number(process.argv[3]), setup, async ({ gasp, mine }) => {
  await gasp.sync('peer')
  if (mine.size !== rows.length) throw new Error(`${mine.size} of ${rows.length} outputs came`)
}, ({ remote }) => ({
  bytes_per_unit: (remote.up + remote.down) / rows.length,
  bytes_up: remote.up,
  bytes_down: remote.down,
  messages: remote.messages
}))
