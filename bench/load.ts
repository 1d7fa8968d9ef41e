import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

// The load generator, in a process of its own: keeps `connections` requests in flight for `milliseconds` and says how many were answered
// with 201. It writes and reads HTTP/1.1 itself, so that it takes as little of the machine as pgbench does on the other side.
const { url, path, token, bodies, connections, milliseconds } = JSON.parse(await text(process.stdin)) as { url: string; path: string; token: string; bodies: readonly string[]; connections: number; milliseconds: number };
const { hostname, port, host } = new URL(url);
const requests = bodies.map((body) => [`POST ${path} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nidempotency-key: `, `\r\n\r\n${body}`] as const);
const until = Date.now() + milliseconds;
let done = 0, failed = 0, next = 0;
const started = process.hrtime.bigint();
await Promise.all(Array.from({ length: connections }, () => new Promise<void>((resolve, reject) => {
  const socket = connect(Number(port), hostname).setNoDelay(true).setEncoding('latin1');
  let answer = '';
  const send = (): void => {
    if (Date.now() >= until) { socket.end(); resolve(); return; }
    const [head, rest] = requests[(next += 1) % requests.length] as readonly [string, string];
    socket.write(head + randomUUID() + rest);
  };
  socket.on('connect', send).on('error', reject).on('close', resolve).on('data', (chunk: string) => {
    answer += chunk;
    const head = answer.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = /\r\ncontent-length: (\d+)/i.exec(answer)?.[1];
    if (length === undefined) { reject(new Error('an answer without a length')); return; }
    if (answer.length < head + 4 + Number(length)) return;
    if (answer.startsWith('HTTP/1.1 201')) done += 1; else failed += 1;
    answer = '';
    send();
  });
})));
process.stdout.write(JSON.stringify({ done, failed, seconds: Number(process.hrtime.bigint() - started) / 1e9 }));
