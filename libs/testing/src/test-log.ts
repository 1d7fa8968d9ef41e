import { logTo } from '@footbridge/service';

export interface TestLog {
  /** Everything that was said since, in whatever way: by our own log, by a library on the console, or past both. */
  readonly text: string;
  close(): void;
}

// a library's console, which nothing of ours uses
const { console } = globalThis;
const ways = ['debug', 'log', 'info', 'warn', 'error', 'trace', 'dir'] as const;

/** Reads along with everything that this process says. */
export function testLog(): TestLog {
  const said: string[] = [];
  const undo = [logTo({ write: (line) => { said.push(line); } })];
  for (const way of ways) {
    const before = console[way];
    console[way] = (...values: readonly unknown[]) => { said.push(`${values.map((value) => (value instanceof Error ? value.stack : typeof value === 'string' ? value : JSON.stringify(value))).join(' ')}\n`); };
    undo.push(() => { console[way] = before; });
  }
  for (const stream of [process.stdout, process.stderr]) {
    const before = stream.write.bind(stream);
    stream.write = (chunk: string | Uint8Array) => { said.push(Buffer.from(chunk as string).toString()); return true; };
    undo.push(() => { stream.write = before; });
  }
  return { get text() { return said.join(''); }, close: () => { for (const step of undo.splice(0).reverse()) step(); } };
}
