// What interop tests share: named cases in cmocka's manner, random numbers with a printed seed, the command, headers.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Hash, Utils } from '@bsv/sdk'

const gasp = process.argv[2]
export const work = mkdtempSync(join(tmpdir(), 'gasp-interop-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

// One in this many steps of a long loop is run.
export const oneIn = Math.max(1, Number(process.env.GASP_ONE_IN) || 1)

const seed = BigInt.asUintN(64, BigInt(process.env.GASP_SEED || Date.now()))
let state = seed
console.log(`seed: GASP_SEED=${seed}, one step in ${oneIn} of long loops`)

// splitmix64
function next () {
  state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n)
  let z = state
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n)
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn)
  return z ^ (z >> 31n)
}

export const below = (bound) => Number(next() % BigInt(bound))

export const randomBytes = (n) => Array.from({ length: n }, () => below(256))

export const randomHash = () => Utils.toHex(randomBytes(32))

// Some of a list, at least one, in their order.
export function someOf (list, most) {
  const chosen = new Set()
  const n = 1 + below(Math.min(most, list.length))
  while (chosen.size < n) chosen.add(below(list.length))
  return [...chosen].sort((a, b) => a - b).map((i) => list[i])
}

export const shared = (name) => readFileSync(join(process.env.GASP_SHARED, 'data', name))

let files = 0
export function file (bytes) {
  const path = join(work, `${files++}.bin`)
  writeFileSync(path, Uint8Array.from(bytes))
  return path
}

// Runs the command with --json. Gives its exit code and its object; the code must be one of `codes`, when there are any.
export function run (codes, ...words) {
  const p = spawnSync(gasp, [...words, '--json'], { encoding: 'utf8', maxBuffer: 1 << 28 })
  const said = `gasp ${words.join(' ')}: exit ${p.status ?? p.signal}\n${p.stdout.slice(0, 2000)}${p.stderr.slice(0, 2000)}`
  assert.notEqual(p.status, null, said)
  if (codes !== null) assert.ok([codes].flat().includes(p.status), said)
  return { code: p.status, said, ...JSON.parse(p.stdout) }
}

export const decode = (codes, bytes, ...more) => run(codes, 'decode', file(bytes), ...more)

let wallets = 0
export function wallet (network) {
  const path = join(work, `wallet-${wallets++}`)
  run(0, 'init', path, '--network', network)
  return path
}

// A header of regtest with that root and a proof of work, which two tries find: 80 bytes.
export function mined (root, height) {
  const raw = [...Utils.toArray('00000020' + 'ee'.repeat(32), 'hex'), ...Utils.toArray(root, 'hex').reverse()]
  for (const word of [1600000000 + height, 0x207fffff, 0]) {
    raw.push(...new Utils.Writer().writeUInt32LE(word).toArray())
  }
  while (Hash.hash256(raw)[31] >= 0x7f) raw[76]++
  return raw
}

export function trust (path, header, height) {
  run(0, 'headers', 'trust', path, Utils.toHex(header), '--height', String(height))
}

export const rootOf = (header) => Utils.toHex([...header].slice(36, 68).reverse())

// The SDK's ChainTracker over roots by height.
export const tracker = (roots, height) => ({
  isValidRootForHeight: async (root, at) => roots.get(at) === root,
  currentHeight: async () => height
})

export const count = (text) => console.log(`count: ${text}`)

// Runs all cases; each that throws is a failed one.
export async function cases (list) {
  let passed = 0
  for (const test of list) {
    console.log(`[ RUN      ] ${test.name}`)
    try {
      await test()
      passed++
      console.log(`[       OK ] ${test.name}`)
    } catch (error) {
      console.log(`${error.stack}\n[  FAILED  ] ${test.name}`)
    }
  }
  console.log(`[  PASSED  ] ${passed} test(s).`)
  if (passed < list.length) {
    console.log(`[  FAILED  ] ${list.length - passed} test(s)`)
    process.exitCode = 1
  }
}
