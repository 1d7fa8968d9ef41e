import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Starts the keeper, one process that owns every server the tests ask for. It starts a server when the first test asks
 * for it, and ends all of them when its standard input closes: at the end of the run, or when jest is killed.
 */
export default async function globalSetup() {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const keeper = spawn(process.execPath, ['bin/run.cjs', 'libs/testing/src/keeper.ts', '--no-fsync'], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'], detached: true, env: { ...process.env, NODE_OPTIONS: '' } });
  const address = await new Promise((resolve, reject) => {
    let text = '';
    keeper.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.split('\n')[0]);
    });
    keeper.once('exit', (code) => reject(new Error(`The keeper of the test servers did not start (exit code ${code}).`)));
  });
  process.env.FOOTBRIDGE_KEEPER = address;
  globalThis.footbridgeKeeper = keeper;
}
