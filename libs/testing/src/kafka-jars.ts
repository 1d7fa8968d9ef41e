import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder } from './cache-folder.js';

const run = promisify(execFile);
const here = fileURLToPath(new URL('../kafka/', import.meta.url));

interface Jar { readonly artifact: string; readonly sha256: string }

const isJar = (value: unknown): value is Jar => typeof value === 'object' && value !== null && 'artifact' in value && typeof value.artifact === 'string' && 'sha256' in value && typeof value.sha256 === 'string';

/** The folder with Kafka's jars, each with the checksum that kafka/jars.json names; fetched once. */
export async function kafkaJars(): Promise<string> {
  const listed: unknown = JSON.parse(await readFile(join(here, 'jars.json'), 'utf8'));
  if (!Array.isArray(listed) || !listed.every(isJar)) throw new Error('kafka/jars.json is damaged');
  const folder = join(cacheFolder(), `kafka-${createHash('sha256').update(JSON.stringify(listed)).digest('hex').slice(0, 16)}`);
  if (await areGenuine(folder, listed)) return folder;

  await mkdir(cacheFolder(), { recursive: true });
  const fresh = await mkdtemp(join(cacheFolder(), 'kafka-new-'));
  try {
    await byMaven(fresh).catch(() => byDownload(fresh, listed));
    if (!await areGenuine(fresh, listed)) throw new Error('what was fetched does not have the checksums of libs/testing/kafka/jars.json');
    await rm(folder, { recursive: true, force: true });
    // another run may have been quicker: its jars are as good
    await rename(fresh, folder).catch(async (error: unknown) => { if (!await areGenuine(folder, listed)) throw error; });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return folder;
}

const fileName = ({ artifact }: Jar): string => `${artifact.split(':').slice(1).join('-')}.jar`;

async function areGenuine(folder: string, jars: readonly Jar[]): Promise<boolean> {
  const genuine = await Promise.all(jars.map(async (jar) => {
    const bytes = await readFile(join(folder, fileName(jar))).catch(() => undefined);
    return bytes !== undefined && createHash('sha256').update(bytes).digest('hex') === jar.sha256;
  }));
  return genuine.every(Boolean);
}

async function byMaven(folder: string): Promise<void> {
  await run('mvn', ['-q', '-B', '-f', join(here, 'pom.xml'), 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${folder}`], { timeout: 300_000 });
}

async function byDownload(folder: string, jars: readonly Jar[]): Promise<void> {
  const download = (await import('mvn-artifact-download')).default;
  const fetchJar: unknown = 'default' in download ? download.default : download;
  if (typeof fetchJar !== 'function') throw new Error('mvn-artifact-download has changed');
  const waiting = [...jars];
  await Promise.all(Array.from({ length: 6 }, async () => {
    for (let jar = waiting.pop(); jar; jar = waiting.pop()) await fetchJar(jar.artifact, folder, 'https://repo1.maven.org/maven2/', fileName(jar));
  }));
}
