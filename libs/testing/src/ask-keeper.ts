import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

let own: Promise<string> | undefined;

/** Asks the keeper of the test servers: the one that jest's global setup started, else one that lives as long as this process. */
export async function askKeeper(...path: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const keeper = process.env['FOOTBRIDGE_KEEPER'] ?? await (own ??= startKeeper());
  const response = await fetch([keeper, ...path].join('/'), { signal: AbortSignal.timeout(600_000) }).catch((error: unknown) => { throw new Error('The keeper of the test servers is gone or does not answer.', { cause: error }); });
  const body: unknown = await response.json();
  if (typeof body !== 'object' || body === null) throw new Error('The keeper of the test servers said nothing.');
  if ('error' in body) throw new Error(String(body.error));
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, String(value)]));
}

function startKeeper(): Promise<string> {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const keeper = spawn(process.execPath, ['bin/run.cjs', 'libs/testing/src/keeper.ts'], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  return new Promise((resolve, reject) => {
    keeper.once('exit', (code) => { reject(new Error(`The keeper of the test servers did not start (exit code ${code}).`)); });
    keeper.stdout.once('data', (address: Buffer) => {
      resolve(address.toString('utf8').trim());
      keeper.unref(); // it ends when this process, and with it its standard input, ends
      for (const pipe of [keeper.stdin, keeper.stdout]) if ('unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
    });
  });
}
