import { spawn, type SpawnOptions } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server that tests start, stop, kill and start again. What it says goes to a file, so that leak hunts can read it. */
export class ServerProcess {
  #child: ReturnType<typeof spawn> | undefined;

  constructor(private readonly program: string, private readonly args: readonly string[], readonly log: string, private readonly options: SpawnOptions = {}) {}

  /** Resolves when `ready` says so; with the end of the log as the error if the process ends before. */
  async start(ready: () => Promise<boolean>, patienceMs = 60_000): Promise<void> {
    if (this.running) return;
    const output = openSync(this.log, 'a');
    const child = spawn(this.program, this.args, { ...this.options, stdio: ['ignore', output, output] });
    closeSync(output);
    this.#child = child;
    let failure: Error | undefined;
    child.once('error', (error) => { failure = error; });
    for (const until = Date.now() + patienceMs; Date.now() < until; await sleep(50)) {
      if (failure ?? !this.running) break;
      if (await ready()) return;
    }
    await this.signal('SIGKILL');
    const said = (await readFile(this.log, 'utf8').catch(() => '')).trim().split('\n').slice(-5).join(' | ');
    throw new Error(`${this.program} did not start: ${failure?.message ?? said}`);
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get pid(): number | undefined { return this.#child?.pid; }

  /** Sends the signal and waits for the end. */
  async signal(name: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || !this.running || child.pid === undefined) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => { resolve(); }));
    child.kill(name);
    await ended;
  }
}
