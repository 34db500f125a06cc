// beef.mjs FILE RUNS: @bsv/sdk reads the BEEF that bench_beef wrote.
import { readFileSync } from 'node:fs'

import { Beef, Utils } from '@bsv/sdk'

import { measure } from './measure.mjs'

const bytes = Utils.toArray(readFileSync(process.argv[2], 'utf8'), 'hex')
const repeats = 5

await measure('beef', '@bsv/sdk 2.1.0', repeats, Number(process.argv[3]), () => null, () => {
  for (let i = 0; i < repeats; i++) if (Beef.fromBinary(bytes).txs.length !== 200) throw new Error('not all were read')
}, () => ({ bytes: bytes.length, transactions: 200 }))
