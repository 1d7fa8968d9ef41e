import { logTo } from '@footbridge/service';

export interface TestLog {
  /** Everything that was said since, in whatever way: by our own log, by a library on the console, or past both. */
  readonly text: string;
  close(): void;
}
interface Listener { readonly said: string[]; readonly aloud: boolean }

// a library's console, which nothing of ours uses
const { console } = globalThis;
const ways = ['debug', 'log', 'info', 'warn', 'error', 'trace', 'dir'] as const;

const listeners = new Set<Listener>();
const hear = (text: string): void => { for (const { said } of listeners) said.push(text); };
const isAloud = (): boolean => [...listeners].every(({ aloud }) => aloud);
let undo: readonly (() => void)[] = [];

/** Reads along with everything that this process says, together with whoever else does. `aloud`: what is said past our own log is heard elsewhere as well. */
export function testLog({ aloud = false }: { readonly aloud?: boolean } = {}): TestLog {
  const listener: Listener = { said: [], aloud };
  if (listeners.size === 0) undo = listen();
  listeners.add(listener);
  return {
    get text() { return listener.said.join(''); },
    close: () => { if (listeners.delete(listener) && listeners.size === 0) for (const step of [...undo].reverse()) step(); },
  };
}

function listen(): readonly (() => void)[] {
  const steps = [logTo({ write: hear })];
  for (const way of ways) {
    const before = console[way];
    console[way] = (...values: readonly unknown[]) => {
      hear(`${values.map((value) => (value instanceof Error ? value.stack : typeof value === 'string' ? value : JSON.stringify(value))).join(' ')}\n`);
      if (isAloud()) Reflect.apply(before, console, values);
    };
    steps.push(() => { console[way] = before; });
  }
  for (const stream of [process.stdout, process.stderr]) {
    const before = stream.write;
    stream.write = (...given: readonly unknown[]) => { hear(Buffer.from(given[0] as string).toString()); return !isAloud() || Reflect.apply(before, stream, given); };
    steps.push(() => { stream.write = before; });
  }
  return steps;
}
