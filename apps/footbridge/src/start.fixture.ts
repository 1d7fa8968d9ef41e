import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { command } from './command.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

export interface Ended { readonly code: number | null; readonly out: string; readonly error: string }

/** `npm start` and `npm run footbridge --` as processes of their own, for tests. */
export class Started {
  #out = '';
  #error = '';
  readonly ended: Promise<Ended>;
  static readonly #running = new Set<Started>();
  private constructor(private readonly process: ChildProcess) {
    Started.#running.add(this);
    process.once('close', () => { Started.#running.delete(this); });
    process.stdout?.on('data', (chunk: Buffer) => { this.#out += chunk.toString(); });
    process.stderr?.on('data', (chunk: Buffer) => { this.#error += chunk.toString(); });
    this.ended = new Promise((resolve) => { process.once('close', (code) => { resolve({ code, out: this.#out, error: this.#error }); }); });
  }

  /** On any free port and with the operator's account only, unless it is said otherwise. */
  static begin(folder: string, environment: Record<string, string> = {}): Started {
    return new Started(run('apps/footbridge/src/start.ts', [], { FOOTBRIDGE_DATA: folder, FOOTBRIDGE_CLOCK: 'manual', FOOTBRIDGE_WEBHOOKS: 'loopback', FOOTBRIDGE_DEMONSTRATION: 'no', PORT: '0', ...environment }));
  }
  /** Until it says that it is ready. */
  static async ready(folder: string, environment?: Record<string, string>): Promise<Started> {
    const started = Started.begin(folder, environment);
    while (!started.#out.includes('is ready')) {
      const early = await Promise.race([started.ended, new Promise<undefined>((resolve) => { setTimeout(() => { resolve(undefined); }, 50); })]);
      if (early) throw new Error(`ended early: ${early.error}`);
    }
    return started;
  }
  /** What a test that failed has left. */
  static async endAll(): Promise<void> {
    await Promise.all([...Started.#running].map((started) => started.end('SIGTERM')));
  }

  /** Where it says it is. */
  get url(): string { return /is ready: (\S+)/.exec(this.#out)?.[1] ?? ''; }

  async end(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL' = 'SIGINT'): Promise<Ended> {
    this.process.kill(signal);
    return await this.ended;
  }
}

/** News of disabled accounts may be late for a moment, and then nobody is let in: the answer says to come again. */
export async function alertsOf(url: string, token?: string): Promise<number> {
  for (let tries = 0; ; tries++) {
    const { status } = await fetch(`${url}/v1/alerts`, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
    if (status !== 503 || tries === 20) return status;
    await new Promise((resolve) => { setTimeout(resolve, 500); });
  }
}

export async function footbridge(folder: string, ...args: string[]): Promise<Ended> {
  const process = run('apps/footbridge/src/cli.ts', args, { FOOTBRIDGE_DATA: folder });
  let out = '';
  let error = '';
  process.stdout?.on('data', (chunk: Buffer) => { out += chunk.toString(); });
  process.stderr?.on('data', (chunk: Buffer) => { error += chunk.toString(); });
  return await new Promise((resolve) => { process.once('close', (code) => { resolve({ code, out, error }); }); });
}

/** The same without a process of its own: each of them takes seconds to load what this one has loaded. */
export async function inProcess(folder: string, ...args: string[]): Promise<Ended> {
  const said = { out: '', error: '' };
  const before = process.exitCode;
  try {
    const code = await command(args, { FOOTBRIDGE_DATA: folder }, { say: (line) => { said.out += `${line}\n`; }, complain: (line) => { said.error += `${line}\n`; } });
    return { code, ...said };
  } finally { process.exitCode = before; }
}

/** Any program of this project, from its source, with this environment and no other. */
export function run(entry: string, args: readonly string[], environment: Record<string, string>): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  return spawn(process.execPath, ['bin/run.cjs', entry, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { PATH, HOME, ...environment } });
}
