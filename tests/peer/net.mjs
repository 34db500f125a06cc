// Sessions over TCP, unix sockets, a command's pipes, and our own standard input and output.
import { spawn } from 'node:child_process';
import { createConnection, createServer } from 'node:net';
import { Ended } from './bytes.mjs';
import { T, writeFrames } from './messages.mjs';
import { Session } from './session.mjs';

const IDLE_MS = 120000, KEEPALIVE_MS = 30000;

/** Runs a session over a pair of streams; the promise has the session when it is over, and its error, if any. */
function carry(input, output, close, options) {
  return new Promise((resolve) => {
    let session = null, heard = Date.now();
    const end = (error) => {
      clearInterval(timer);
      output.end();
      resolve({ session, error });
    };
    const timer = setInterval(() => {
      if (Date.now() - heard > IDLE_MS) { session.finish(new Ended('silent', 'peer')); close(); }
      else if (!session.over) output.write(writeFrames(T.KEEPALIVE, Buffer.alloc(0), 1024));
    }, KEEPALIVE_MS);
    output.on('error', () => {});
    session = new Session({ ...options, write: (bytes) => { heard = Date.now(); output.write(bytes); },
      end: (e) => queueMicrotask(() => end(e)) });
    input.on('data', (data) => { heard = Date.now(); session.feed(data); });
    input.on('error', () => session.finish(new Ended('internal', 'transport')));
    input.on('close', () => session.finish(session.state === 'resting'
      ? null : new Ended('internal', 'the transport ended')));
  });
}
const place = (address) => {
  if (address.startsWith('unix:')) return { path: address.slice(5) };
  const url = new URL(address);
  return { host: url.hostname, port: Number(url.port) };
};

export function sync(address, options) {
  const all = { peerName: address, ...options, initiator: true };
  if (!address.startsWith('exec:')) {
    const socket = createConnection(place(address));
    return carry(socket, socket, () => socket.destroy(), all);
  }
  const child = spawn(address.slice(5), { shell: true, stdio: ['pipe', 'pipe', 'inherit'] });
  return carry(child.stdout, child.stdin, () => child.kill(), all);
}
/** Serves until the server is closed; each session that ends is told to `done`. */
export function serve(address, options, done = () => {}) {
  const server = createServer((socket) => carry(socket, socket, () => socket.destroy(),
    { ...options, initiator: false }).then(done));
  return new Promise((resolve) => { server.listen(place(address), () => resolve(server)); });
}
export const serveStdio = (options) => carry(process.stdin, process.stdout, () => process.exit(1),
  { ...options, initiator: false });
