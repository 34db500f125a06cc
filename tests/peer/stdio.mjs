// For exec: serves an empty regtest wallet on standard input and output. Argument: a file of headers from height 0.
import { readFileSync } from 'node:fs';
import { serveStdio } from './net.mjs';
import { hex } from './bytes.mjs';
import { Wallet } from './wallet.mjs';

const wallet = new Wallet(), headers = readFileSync(process.argv[2]);
for (let at = 0; at < headers.length; at += 80) wallet.addHeader(at / 80, headers.subarray(at, at + 80));
const { error } = await serveStdio({ wallet, report: (r) => console.error(`digest ${hex(r.summary.fingerprint)}`) });
process.exit(error ? 3 : 0);
