import { constants } from 'node:fs';
import { access, chmod, mkdir, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InstanceLock } from './instance-lock.js';
import { readPrivateFile, writePrivateFile } from './private-file.js';
import { folderRefusal, isMissing, Refusal } from './refusal.js';

interface Marker { readonly footbridge: 'data'; readonly format: number }
const format = 1;
const isMarker = (content: unknown): content is Marker =>
  typeof content === 'object' && content !== null && 'footbridge' in content && content.footbridge === 'data' && 'format' in content && typeof content.format === 'number';

export const isRoot = process.getuid?.() === 0;

/** Where one instance keeps everything: database, keys, secrets. */
export class DataFolder {
  readonly path: string;
  constructor(path: string) { this.path = resolve(path); }

  get lock(): string { return join(this.path, 'lock'); }
  get marker(): string { return join(this.path, 'footbridge.json'); }
  /** The database cluster. */
  get postgres(): string { return join(this.path, 'postgres'); }
  get postgresLog(): string { return join(this.path, 'postgres.log'); }
  /** Port and passwords of the database. */
  get postgresFile(): string { return join(this.path, 'postgres.json'); }
  /** The organisations' keys: whoever has the database and not this folder reads no personal value. */
  get keys(): string { return join(this.path, 'keys'); }
  /** Keys that sign tokens and cookies. */
  get identityFile(): string { return join(this.path, 'identity.json'); }
  /** Seals the cursors of lists, and knows repeated requests again. */
  get cursorFile(): string { return join(this.path, 'cursor.json'); }
  /** What the instance's first accounts sign in with. */
  get accountsFile(): string { return join(this.path, 'accounts.json'); }

  /** There when the demonstration's network has been made. */
  get demonstrationMade(): string { return join(this.path, 'demonstration-made'); }

  /** Refuses what is not ours to change, then makes the folder and takes its lock. */
  async open(url: string): Promise<InstanceLock> {
    const content = await this.#look();
    try {
      if (content === undefined) await mkdir(this.path, { recursive: true, mode: 0o700 });
      // the database does not run as root; its user must be able to pass through here, but not to list or read
      if (isRoot && content === undefined) await chmod(this.path, 0o711);
      await access(this.path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) { throw folderRefusal(this.path, error); }
    const lock = await this.#take(url);
    try {
      if (!content?.includes('footbridge.json')) await writePrivateFile(this.marker, { footbridge: 'data', format } satisfies Marker);
      await mkdir(this.keys, { recursive: true, mode: 0o700 });
    } catch (error) {
      await lock.release();
      throw folderRefusal(this.path, error);
    }
    return lock;
  }

  async #take(url: string): Promise<InstanceLock> {
    let lock: Awaited<ReturnType<typeof InstanceLock.take>>;
    try { lock = await InstanceLock.take(this.lock, url); } catch (error) { throw folderRefusal(this.path, error); }
    if (lock instanceof InstanceLock) return lock;
    throw new Refusal(`Another instance is running on the data folder ${this.path}: process ${lock.pid}, ${lock.url}. Stop it first, or set FOOTBRIDGE_DATA to another folder.`);
  }

  /** What is there, or nothing. Somebody's other folder, and data of a newer version, are left alone. */
  async #look(): Promise<readonly string[] | undefined> {
    let content: readonly string[];
    try {
      if (!(await stat(this.path)).isDirectory()) throw new Refusal(`The data folder ${this.path} is a file. Set FOOTBRIDGE_DATA to a folder.`);
      content = await readdir(this.path);
      const marker = await readPrivateFile(this.marker, isMarker);
      if (marker && marker.format > format) throw new Refusal(`The data folder ${this.path} was written by a newer version of Footbridge. Start it with that version.`);
      const others = content.filter((name) => !name.startsWith('lock'));
      if (!marker && others.length > 0) throw new Refusal(`The folder ${this.path} is not empty and holds no data of Footbridge. Set FOOTBRIDGE_DATA to an empty folder.`);
      return content;
    } catch (error) {
      if (error instanceof Refusal) throw error;
      if (isMissing(error)) return undefined;
      throw folderRefusal(this.path, error);
    }
  }
}
