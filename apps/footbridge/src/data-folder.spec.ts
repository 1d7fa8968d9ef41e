import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFolder } from './data-folder.js';
import { InstanceLock, holderOf } from './instance-lock.js';
import { folderRefusal, Refusal } from './refusal.js';

const isRoot = process.getuid?.() === 0;

describe('a data folder', () => {
  let path: string;
  beforeEach(async () => { path = await mkdtemp(join(tmpdir(), 'footbridge-data-')); });
  afterEach(async () => { await rm(path, { recursive: true, force: true }); });

  const open = (at: string): Promise<InstanceLock> => new DataFolder(at).open('http://localhost:3000');
  const said = async (at: string): Promise<string> => {
    try { await (await open(at)).release(); } catch (error) { return error instanceof Refusal ? error.message : `no refusal but ${String(error)}`; }
    return 'opened';
  };

  it('is made with its parents, and nobody else reads what is in it', async () => {
    const at = join(path, 'a', 'b');
    const lock = await open(at);
    expect((await stat(at)).mode & 0o066).toBe(0);
    for (const name of ['footbridge.json', 'lock']) expect((await stat(join(at, name))).mode & 0o777).toBe(0o600);
    expect((await stat(join(at, 'keys'))).mode & 0o777).toBe(0o700);
    await lock.release();
    expect(await readdir(at)).toEqual(['footbridge.json', 'keys']);
    expect(await said(at)).toBe('opened');
  });

  it('on a disk that is full is kept: whoever is told so makes room, and does not begin anew elsewhere', () => {
    for (const code of ['ENOSPC', 'EDQUOT', '53100']) expect(folderRefusal('/data', Object.assign(new Error('x'), { code })).message).toBe('The disk of /data is full. Make room on it, then start again: nothing that was answered is lost. Keep the data folder as it is.');
    expect(folderRefusal('/data', Object.assign(new Error('x'), { code: 'EROFS' })).message).toBe('The data folder /data cannot be used: it is read-only. Set FOOTBRIDGE_DATA to a folder that you may write to.');
  });

  it('that this user may not write to is refused in one line', async () => {
    const closed = join(path, 'closed');
    await mkdir(closed, { mode: 0o555 });
    await chmod(path, 0o755);
    // root may write everywhere, so it steps down for this
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(await said(closed)).toMatch(/cannot be used: this user may not write there\. Set FOOTBRIDGE_DATA/);
      expect(await said(join(closed, 'new'))).toMatch(/cannot be used: this user may not write there\. Set FOOTBRIDGE_DATA/);
    } finally { if (isRoot) process.seteuid?.(0); }
    expect(await readdir(closed)).toEqual([]);
  });

  it('is no file, nor below one', async () => {
    await writeFile(join(path, 'file'), 'x');
    expect(await said(join(path, 'file'))).toMatch(/is a file/);
    expect(await said(join(path, 'file', 'below'))).toMatch(/a part of the path is a file/);
  });

  it('is not somebody\'s folder of something else, which stays as it is', async () => {
    await writeFile(join(path, 'thesis.odt'), 'x');
    expect(await said(path)).toMatch(/is not empty and holds no data of Footbridge/);
    expect(await readdir(path)).toEqual(['thesis.odt']);
  });

  it('written by a newer version is left alone, a damaged marker is said', async () => {
    await writeFile(join(path, 'footbridge.json'), '{"footbridge":"data","format":99}');
    expect(await said(path)).toMatch(/newer version/);
    await writeFile(join(path, 'footbridge.json'), '{');
    expect(await said(path)).toMatch(/footbridge\.json is damaged/);
    expect(await readdir(path)).toEqual(['footbridge.json']);
  });

  it('belongs to one instance: a second one is told who has it', async () => {
    const lock = await open(path);
    expect(await said(path)).toBe(`Another instance is running on the data folder ${path}: process ${process.pid}, http://localhost:3000. Stop it first, or set FOOTBRIDGE_DATA to another folder.`);
    await lock.release();
    expect(await said(path)).toBe('opened');
  });

  it('is one\'s own again after a kill -9, also when another process has the old number by now', async () => {
    const gone = spawn('true');
    await new Promise((resolve) => { gone.once('exit', resolve); });
    await said(path);
    for (const pid of [gone.pid ?? 0, process.ppid]) {
      await writeFile(join(path, 'lock'), JSON.stringify({ pid, birth: 'another boot:1', url: 'http://localhost:3000', nonce: 'old' }));
      expect(await holderOf(join(path, 'lock'))).toBeUndefined();
      expect(await said(path)).toBe('opened');
    }
    await writeFile(join(path, 'lock'), '');
    expect(await said(path)).toBe('opened');
  });

  it('goes to exactly one of many that come at once, over a lock that was left', async () => {
    await said(path);
    for (let round = 0; round < 20; round++) {
      await writeFile(join(path, 'lock'), JSON.stringify({ pid: 1, birth: 'another boot:1', url: '', nonce: 'old' }));
      const taken = await Promise.all(Array.from({ length: 8 }, () => InstanceLock.take(join(path, 'lock'), 'http://localhost:3000')));
      const locks = taken.filter((lock) => lock instanceof InstanceLock);
      expect(locks).toHaveLength(1);
      await locks[0]?.release();
    }
    expect((await readdir(path)).filter((name) => name.startsWith('lock'))).toEqual([]);
  });

  it('another\'s lock is not released', async () => {
    const lock = await open(path);
    await writeFile(join(path, 'lock'), JSON.stringify({ pid: 1, birth: '', url: '', nonce: 'theirs' }));
    await lock.release();
    expect(await readFile(join(path, 'lock'), 'utf8')).toContain('theirs');
  });
});
