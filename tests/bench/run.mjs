// run.mjs FOLDER: runs the programs of FOLDER and the peers of tests/bench/peer, one after the other, on what the programs
// wrote for them. Prints one JSON document: every figure, and the ratios. A ratio is of work per second of processor, ours
// over the other; more than 1 is faster. Ends with 1 when something could not be measured.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = process.argv[2]
const here = dirname(fileURLToPath(import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'gasp-bench-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))

const peers = existsSync(join(here, 'peer', 'node_modules', '@bsv', 'gasp'))
const figures = []
const ratios = {}

function run (program, ...args) {
  const text = execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = text.trim().split('\n').map((line) => JSON.parse(line))
  figures.push(...lines)
  return lines
}

const ours = (name, ...args) => run(join(folder, `bench_${name}`), ...args.map(String))
const theirs = (name, ...args) => peers ? run(process.execPath, join(here, 'peer', `${name}.mjs`), ...args.map(String)) : []

function ratio (name, mine, other, more = {}) {
  if (mine && other) ratios[name] = { ratio: mine.per_s / other.per_s, ours_per_s: mine.per_s, other_per_s: other.per_s, ...more }
}

const scripts = ours('scripts', 15)
for (const figure of scripts.slice(1)) ratios[figure.what] = { ratio: figure.ratio, target: figure.target }

for (const [outputs, runs] of [[1000, 5], [10000, 3]]) {
  const file = join(work, `sync-${outputs}`)
  const mine = ours('sync', outputs, runs, file).find((figure) => figure.what === 'sync')
  const [other] = theirs('sync', file, runs)
  ratio(`sync of ${outputs} outputs`, mine, other, {
    ours_bytes_per_output: mine.bytes_per_unit, other_bytes_per_output: other?.bytes_per_unit
  })
}

const file = join(work, 'beef')
const [beef] = ours('beef', 5, file)
ratio('reading a BEEF of 200 transactions', beef, theirs('beef', file, 3)[0])

const cpu = /model name\s*: (.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? cpus()[0]?.model
console.log(JSON.stringify({ cpu, cores: cpus().length, node: process.version, peers, figures, ratios }, null, 2))
if (!peers) console.error('the peers are not installed (./dev setup): only our own figures')
