import { open, readFile, rename, rm } from 'node:fs/promises';
import { isMissing, Refusal } from './refusal.js';

/** A small JSON file that only its owner reads (0600), replaced as a whole: a crash leaves the old one or the new one. */
export async function writePrivateFile(path: string, content: unknown): Promise<void> {
  const next = `${path}.${process.pid}.new`;
  const file = await open(next, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(content, null, 2)}\n`);
    await file.sync();
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await rename(next, path);
}

/** `undefined` when there is none. `is` says whether the content has the right shape. */
export async function readPrivateFile<T>(path: string, is: (content: unknown) => content is T): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  let content: unknown;
  try { content = JSON.parse(text); } catch { content = undefined; }
  if (!is(content)) throw new Refusal(`The file ${path} is damaged. Restore it from a backup of the keys (npm run footbridge -- restore).`);
  return content;
}
