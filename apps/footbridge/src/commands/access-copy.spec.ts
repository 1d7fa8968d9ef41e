import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newRef } from '@footbridge/privacy';
import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { Decrypter } from 'age-encryption';
import { Command } from 'commander';
import type { Answer } from '../import/client.js';
import { accessCopyCommand } from './access-copy.js';

const her = canaryPerson(81);
const file = newRef('cas'), stay = newRef('sty');

describe('access-copy', () => {
  let folder: string;
  const asked: string[] = [];
  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'footbridge-copy-')); asked.length = 0; await writeFile(join(folder, 'words'), 'four words that last\nand a second line\n'); });
  afterEach(() => rm(folder, { recursive: true }));

  const answers: Readonly<Record<string, Answer>> = {
    [`/v1/cases/${file}/access-copy`]: { status: 200, body: { case: file, yourData: { person: { givenName: her.givenName } } } },
    [`/v1/stays?caseId=${file}`]: { status: 200, body: { items: [{ id: stay }] } },
    [`/v1/stays/${stay}?reveal=exitType,belongings,medication,healthNotes,psychNotes&purpose=ASSISTANCE`]: { status: 200, body: { id: stay, can: ['exit'], links: {}, version: 3, belongings: `a bag of ${her.familyName}` } },
    [`/v1/return-cases?caseId=${file}`]: { status: 403, body: {} },
    [`/v1/shelters-accesses?caseId=${file}`]: { status: 200, body: { items: [{ look: 'reveal', organisation: 'org_x' }] } },
    [`/v1/returns-accesses?caseId=${file}`]: { status: 404, body: {} },
  };
  const changed = new Map<string, Answer>();
  async function copy(...args: string[]): Promise<string> {
    let said = '';
    const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
    const get = (path: string): Promise<Answer> => { asked.push(path); return Promise.resolve(changed.get(path) ?? answers[path] ?? { status: 404, body: { title: 'Not found', detail: 'Nothing here.' } }); };
    accessCopyCommand(program, { environment: { INIT_CWD: folder }, say: (line) => { said += line; }, connect: () => Promise.resolve({ url: '', target: '', get, send: (_, path) => get(path), post: (path) => get(path) }) });
    await program.parseAsync(['node', 'footbridge', 'access-copy', ...args]);
    return said;
  }

  it('DP-11: is one file that opens with her passphrase, holds what every service keeps of her, and shows nothing', async () => {
    const said = await copy(file, '--out', 'papers.age', '--passphrase-file', 'words');
    const sealed = await readFile(join(folder, 'papers.age'));
    expect(huntLeaks([{ name: 'file', content: sealed }, { name: 'said', content: said }], [her])).toEqual([]);
    expect(said).not.toContain(file);
    const key = new Decrypter();
    key.addPassphrase('four words that last');
    expect(JSON.parse(await key.decrypt(sealed, 'text'))).toEqual({ case: file, yourData: { person: { givenName: her.givenName } }, alsoKept: { stays: [{ id: stay, belongings: `a bag of ${her.familyName}` }] }, whoLookedElsewhere: { shelters: [{ look: 'reveal', organisation: 'org_x' }] } });
    await expect(copy(file, '--out', 'papers.age', '--passphrase-file', 'words')).rejects.toThrow(/exists already/);
  });
  it('asks nobody for anything before it knows where it goes and what will open it', async () => {
    await writeFile(join(folder, 'short'), 'too short\n');
    for (const [args, says] of [
      [['cas_x', '--out', 'papers.age', '--passphrase-file', 'words'], /by its reference/], [[file, '--out', `${her.familyName}.txt`, '--passphrase-file', 'words'], /says nothing/], [[file, '--out', 'case-copy.age', '--passphrase-file', 'words'], /says nothing/],
      [[file, '--out', 'papers.age', '--passphrase-file', 'short'], /at least 12/], [[file, '--out', 'papers.age', '--passphrase-file', 'none'], /cannot be read/],
    ] as const) await expect(copy(...args)).rejects.toThrow(says);
    expect(asked).toEqual([]);
    await expect(readFile(join(folder, 'papers.age'))).rejects.toBeDefined();
  });
  it.each([401, 429, 503])('has no hole where something only waits (%i): then there is no copy yet', async (status) => {
    changed.set(`/v1/stays/${stay}?reveal=exitType,belongings,medication,healthNotes,psychNotes&purpose=ASSISTANCE`, { status, body: { title: 'Not now', detail: 'Later.' } });
    try { await expect(copy(file, '--out', 'papers.age', '--passphrase-file', 'words')).rejects.toThrow(); } finally { changed.clear(); }
    await expect(readFile(join(folder, 'papers.age'))).rejects.toBeDefined();
  });
  it('leaves nothing behind where the case is not there', async () => {
    await expect(copy(newRef('cas'), '--out', 'papers.age', '--passphrase-file', 'words')).rejects.toThrow();
    await expect(readFile(join(folder, 'papers.age'))).rejects.toBeDefined();
  });
});
