// run.mjs FOLDER [BENCH] [--quick]: runs the programs of FOLDER and the peers of tests/bench/peer, or one bench of them: sync,
// scripts, beef; --quick: small workloads, once. Peer and program take turns, pinned to one core where that can be done.
// Prints a line of JSON for each workload: medians of ours and theirs in `unit`, and ratio, how many times better we are; of
// what is compared with nobody, theirs and ratio are null. Ends with 1 when something could not be measured; a goal that is
// missed is told, not an error.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const [folder, only] = process.argv.slice(2).filter((arg) => arg !== '--quick')
const quick = process.argv.includes('--quick')
const here = dirname(fileURLToPath(import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'gasp-bench-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))

const peers = existsSync(join(here, 'peer', 'node_modules', '@bsv', 'gasp'))
const core = String(cpus().length - 1)
const pinned = (() => {
  try {
    execFileSync('taskset', ['-c', core, 'true'], { stdio: 'ignore' })
    return ['taskset', '-c', core]
  } catch { return [] }
})()

const median = (list) => {
  const sorted = [...list].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}
const round = (x) => x == null ? null : Number(x.toPrecision(4))

function tell (bench, workload, unit, peer, ours, theirs, aim, more = {}, better = 'less') {
  const goal = quick ? null : aim
  const ratio = theirs == null ? null : better === 'less' ? theirs / ours : ours / theirs
  console.log(JSON.stringify({
    bench, workload, peer: theirs == null ? null : peer, unit, ours: round(ours), theirs: round(theirs), ratio: round(ratio),
    goal, reached: goal == null ? null : ratio != null ? ratio >= goal : ours <= goal, ...more
  }))
}

function run (program, ...args) {
  const command = [...pinned, program, ...args.map(String)]
  const text = execFileSync(command[0], command.slice(1), { encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'inherit'] })
  return text.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line))
}

// ---- sync ------------------------------------------------------------------------------------------------------------

// A program that answers each line on its standard input with one on its standard output.
class Dialogue {
  constructor (program, ...args) {
    const command = [...pinned, program, ...args.map(String)]
    this.process = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] })
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]()
  }

  async ask (line) {
    this.process.stdin.write(`${line}\n`)
    const { value, done } = await this.lines.next()
    if (done) throw new Error('a program ended in the middle of a measurement')
    return JSON.parse(value)
  }

  end () {
    this.process.stdin.end()
    return new Promise((resolve, reject) => this.process.on('close', (code) => code === 0 ? resolve() : reject(new Error(`ended with ${code}`))))
  }
}

class Ours extends Dialogue {
  constructor (store, outputs, differ) {
    super(join(folder, 'bench_sync'), store, outputs, differ, work)
  }

  async run (between = (address) => address) {
    const { address } = await this.ask('prepare')
    return this.ask(`go ${await between(address)}`)
  }
}

class Theirs extends Dialogue {
  constructor (rows, outputs, differ) {
    super(process.execPath, join(here, 'peer', 'sync.mjs'), rows, outputs, differ)
  }

  run () {
    return this.ask('run')
  }
}

// Something in between that holds all bytes for a while, in each direction.
async function delayed (address, ms) {
  const [host, port] = address.replace('tcp://', '').split(':')
  const server = createServer((near) => {
    const far = connect(Number(port), host)
    for (const [from, to] of [[near, far], [far, near]]) {
      from.on('data', (bytes) => setTimeout(() => to.destroyed || to.write(bytes), ms))
      from.on('end', () => setTimeout(() => to.end(), ms))
      from.on('error', () => to.destroy())
    }
    server.close()
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `tcp://127.0.0.1:${server.address().port}`
}

const of = (figures, name) => figures.length ? median(figures.map((figure) => figure[name])) : null
const bytes = (figures) => figures.length ? median(figures.map((figure) => figure.bytes_up + figure.bytes_down)) : null

// Runs in turns; figures of each.
async function turns (runs, programs) {
  const figures = programs.map(() => [])
  for (let i = 0; i < runs; i++) for (const [k, program] of programs.entries()) figures[k].push(await program.run())
  await Promise.all(programs.map((program) => program.end()))
  return figures
}

const peer = '@bsv/gasp 1.2.0'
const detail = (figures, theirs = []) => ({
  ours_cpu_s: round(of(figures, 'cpu_s')), theirs_cpu_s: round(of(theirs, 'cpu_s')),
  cpu_ratio: theirs.length ? round(of(theirs, 'cpu_s') / of(figures, 'cpu_s')) : null, runs: figures.length
})

async function syncs (outputs, runs, name) {
  const rows = join(work, 'rows')
  run(join(folder, 'bench_sync'), 'rows', rows, outputs / 100 + 1)
  const more = peers ? [new Theirs(rows, outputs, 0)] : []
  const [memory, leveldb, theirs = []] = await turns(runs, [new Ours('memory', outputs, 0), new Ours('leveldb', outputs, 0), ...more])
  tell('sync', `${name} memory`, 's', peer, of(memory, 'seconds'), of(theirs, 'seconds'), 100, detail(memory, theirs))
  tell('sync', `${name} leveldb`, 's', peer, of(leveldb, 'seconds'), of(theirs, 'seconds'), 60, detail(leveldb, theirs))
  tell('sync', `${name} bytes`, 'bytes', peer, bytes(memory), bytes(theirs), 2.2, { bytes_per_output: round(bytes(memory) / outputs) })
  tell('sync', `${name} messages`, 'messages', peer, of(memory, 'messages'), of(theirs, 'messages'), outputs / 100)

  const few = peers ? [new Theirs(rows, outputs, 10)] : []
  const [ours, others = []] = await turns(2 * runs + 1, [new Ours('memory', outputs, 10), ...few])
  tell('sync', `${name} 10-differ`, 's', peer, of(ours, 'seconds'), of(others, 'seconds'), 100, detail(ours, others))
  tell('sync', `${name} 10-differ bytes`, 'bytes', peer, bytes(ours), bytes(others), 20)

  const far = new Ours('memory', outputs, 0)
  const figure = await far.run((address) => delayed(address, 50))
  await far.end()
  tell('sync', `${name} round trips`, 'round trips of 100 ms', null, figure.seconds / 0.1, null, 10, { seconds: round(figure.seconds) })
}

async function large () {
  const wallet = new Ours('leveldb', 100000, 0)
  const figure = await wallet.run()
  await wallet.end()
  tell('sync', '100k leveldb peak memory', 'MiB', null, figure.peak_kib / 1024, null, 64, { seconds: round(figure.seconds), cpu_s: round(figure.cpu_s) })
}

// ---- the others ------------------------------------------------------------------------------------------------------

function scripts () {
  const [alone, ...rest] = run(join(folder, 'bench_scripts'), quick ? 3 : 15)
  for (const figure of rest) {
    tell('scripts', figure.what, 'inputs per s', 'libsecp256k1', figure.per_s, figure.per_s / figure.ratio, figure.target ?? null,
      { signatures_alone_per_s: round(alone.per_s) }, 'more')
  }
}

function beef () {
  const file = join(work, 'beef')
  const [ours, checked] = run(join(folder, 'bench_beef'), quick ? 2 : 5, file)
  const theirs = peers ? run(process.execPath, join(here, 'peer', 'beef.mjs'), file, quick ? 1 : 3)[0] : undefined
  tell('beef', 'read 200 transactions', 'BEEFs per s', '@bsv/sdk 2.1.0', ours.per_s, theirs?.per_s, null, {}, 'more')
  tell('beef', 'read and check 200 transactions', 'BEEFs per s', null, checked.per_s, null, null)
}

const benches = {
  scripts,
  beef,
  sync: async () => {
    if (quick) return syncs(1000, 1, '1k')
    await syncs(10000, 5, '10k')
    await large()
  }
}

if (only && !benches[only]) {
  console.error(`no such bench: ${only}; there are ${Object.keys(benches).join(', ')}`)
  process.exit(2)
}
if (!peers) console.error('the peers are not installed (./dev setup): only our own figures')
for (const [name, bench] of Object.entries(benches)) if (!only || only === name) await bench()
