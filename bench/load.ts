import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { Client } from 'undici';

// The load generator, in a process of its own: keeps `connections` requests in flight for `milliseconds` and says how many were answered with 201.
const { url, path, token, bodies, connections, milliseconds } = JSON.parse(await text(process.stdin)) as { url: string; path: string; token: string; bodies: readonly string[]; connections: number; milliseconds: number };
const until = Date.now() + milliseconds;
let done = 0, failed = 0, next = 0;
const started = process.hrtime.bigint();
await Promise.all(Array.from({ length: connections }, async () => {
  const client = new Client(url, { pipelining: 1 });
  while (Date.now() < until) {
    next += 1;
    const answer = await client.request({ method: 'POST', path, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() }, body: bodies[next % bodies.length] ?? '' });
    await answer.body.dump();
    if (answer.statusCode === 201) done += 1; else failed += 1;
  }
  await client.close();
}));
process.stdout.write(JSON.stringify({ done, failed, seconds: Number(process.hrtime.bigint() - started) / 1e9 }));
