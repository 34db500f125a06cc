// sync.mjs FILE OUTPUTS DIFFER: two instances of @bsv/gasp in this process, each on a Map, sync the rows of FILE that
// bench_sync wrote. DIFFER 0: from a full one to an empty one; else both hold OUTPUTS, of which half of DIFFER are its own.
// Every call crosses as JSON text, as it would cross a network; the network itself and its HTTP are left out. The storage
// reads transaction and path when they come and compares the path's root with a table when a graph ends: what a wallet of
// bench_sync does, without a store. Each line on standard input is a run, answered by a line of figures.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

import { GASP } from '@bsv/gasp'
import { MerklePath, Transaction } from '@bsv/sdk'

const [, , file, outputs, differ] = process.argv
const rows = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line))
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

const nodes = rows.map((row, i) => {
  const txid = Transaction.fromHex(row.tx).id('hex')
  return [`${txid}.0`, { txid, outputIndex: 0, score: i + 1, rawTx: row.tx, proof: row.proof }]
})
const shared = differ > 0 ? outputs - differ / 2 : 0
const theirs = differ > 0 ? nodes.slice(0, outputs) : nodes.slice(0, outputs)
const ours = differ > 0 ? [...nodes.slice(0, shared), ...nodes.slice(outputs, Number(outputs) + differ / 2)] : []
const expected = Number(outputs) + differ / 2

async function run () {
  const full = new Map(theirs)
  const mine = new Map(ours)
  const remote = new Remote(new GASP(new Storage(full), null, 0, '', false, false, 0))
  const gasp = new GASP(new Storage(mine), remote, 0, '', false, false, 0)
  const used = process.cpuUsage()
  const from = performance.now()
  await gasp.sync('peer')
  const seconds = (performance.now() - from) / 1e3
  const { user, system } = process.cpuUsage(used)
  if (mine.size !== expected || full.size !== expected) throw new Error(`${mine.size} and ${full.size} of ${expected} outputs`)
  return { seconds, cpu_s: (user + system) / 1e6, bytes_up: remote.up, bytes_down: remote.down, messages: remote.messages }
}

await run() // warms up
for await (const line of createInterface({ input: process.stdin })) if (line) console.log(JSON.stringify(await run()))
