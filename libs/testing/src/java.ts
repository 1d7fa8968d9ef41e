import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './cache-folder.js';

const run = promisify(execFile);
const oldest = 17; // Kafka 4 needs it

/** The machine's own Java if it is new enough, else a Temurin runtime, fetched once and checked against its checksum. */
export async function java(): Promise<string> {
  const home = process.env['JAVA_HOME'];
  for (const candidate of [...(home ? [join(home, 'bin', 'java')] : []), 'java']) if (await isNewEnough(candidate)) return candidate;
  const folder = join(cacheFolder(), 'java');
  await mkdir(folder, { recursive: true });
  const fetched = await runtimeIn(folder);
  if (fetched) return fetched;
  const { install } = (await import('njre')).default;
  await install(21, { type: 'jre', installPath: join(folder, 'here') }).catch((error: unknown) => {
    throw new Error(`there is no Java ${oldest} or newer here, and none could be fetched (${error instanceof Error ? error.message : 'unknown reason'})`);
  });
  const installed = await runtimeIn(folder);
  if (!installed) throw new Error('the Java runtime that was fetched does not run');
  return installed;
}

async function isNewEnough(program: string): Promise<boolean> {
  try {
    const { stderr } = await run(program, ['-version']);
    return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0) >= oldest;
  } catch { return false; }
}

/** njre unpacks into jre/<release>/, on macOS with Contents/Home in between. */
async function runtimeIn(folder: string): Promise<string | undefined> {
  const releases = await readdir(join(folder, 'jre')).catch(() => []);
  for (const release of releases) {
    for (const inner of ['bin', 'Contents/Home/bin']) {
      const program = join(folder, 'jre', release, inner, 'java');
      if (await isNewEnough(program)) return program;
    }
  }
  return undefined;
}
