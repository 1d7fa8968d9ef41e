import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newRef } from '@footbridge/privacy';
import exceljs from 'exceljs';
import { parse } from 'csv-parse/sync';
import { ApiStandIn, type Whim } from './fixtures/api-stand-in.js';
import { httpClient } from './fixtures/http-client.js';
import { peopleHeader, personRow } from './fixtures/people.js';
import { type ImportOptions, type ImportSummary, runImport, type Surroundings } from './run-import.js';
import { csvLine } from './table/csv-cell.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
let folder: string;
let api: ApiStandIn;
let out: string;
let err: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'footbridge-import-'));
  out = '';
  err = '';
});
afterEach(async () => {
  await api.stop();
  rmSync(folder, { recursive: true });
});

const around = (more: Partial<Surroundings> = {}): Surroundings => ({
  out: { write: (text) => { out += text; } }, err: { write: (text) => { err += text; } }, signal: new AbortController().signal,
  now: Date.now, wait: (ms) => new Promise((resolve) => { setTimeout(resolve, Math.min(ms, 20)); }), ...more,
});
const run = (options: ImportOptions, more?: Partial<Surroundings>): Promise<ImportSummary> => runImport(options, async () => httpClient(api.url), around(more));
const at = (name: string): string => join(folder, name);
const people = (count: number, name = 'people.csv', padding = 0): string => {
  writeFileSync(at(name), csvLine(peopleHeader, ',') + Array.from({ length: count }, (_, n) => csvLine(personRow(n, padding), ',')).join(''));
  return at(name);
};
const write = (name: string, text: string): string => { writeFileSync(at(name), text); return at(name); };
const keysOf = (): string[] => api.opened.map(({ key }) => key);
const givenNames = (): string[] => api.opened.map(({ body }) => (body as { person: { givenName: string } }).person.givenName).sort();
const expectedNames = (count: number): string[] => Array.from({ length: count }, (_, n) => personRow(n)[0] ?? '').sort();

describe('an import', () => {
  it('opens one case for each row, with some requests under way at once', async () => {
    api = await ApiStandIn.start({ delayMs: 2 });
    await expect(run({ file: people(200) })).resolves.toMatchObject({ rows: 200, imported: 200, refused: 0, report: undefined, stopped: undefined });
    expect(givenNames()).toEqual(expectedNames(200));
    expect(new Set(keysOf()).size).toBe(200);
    expect(api.mostAtOnce).toBeGreaterThan(2);
    expect(api.mostAtOnce).toBeLessThanOrEqual(8);
    expect(api.opened.every(({ path }) => path === '/v1/cases')).toBe(true);
  });

  it('opens an intake where a shelter is named', async () => {
    api = await ApiStandIn.start();
    const shelter = newRef('shl');
    await run({ file: write('intakes.csv', `prs_FirstName,shelter,arrivedAt,needs\nArta,${shelter},2026-11-24T03:40:00Z,shelter;legal\nBesa,,,health\n`) });
    expect(api.opened.map(({ path, body }) => [path, body]).sort()).toEqual([
      ['/v1/cases', { purpose: 'ASSISTANCE', person: { givenName: 'Besa' }, needs: ['health'] }],
      ['/v1/intakes', { shelter, arrivedAt: '2026-11-24T03:40:00Z', person: { givenName: 'Arta' }, needs: ['shelter', 'legal'] }],
    ]);
  });

  it('gives the same cases from each format', async () => {
    const records = Array.from({ length: 20 }, (_, n) => Object.fromEntries(peopleHeader.map((name, i) => [name, personRow(n)[i]])));
    const book = new exceljs.Workbook();
    const sheet = book.addWorksheet('People');
    sheet.addRow([...peopleHeader]);
    for (let n = 0; n < 20; n++) sheet.addRow([...personRow(n)]);
    await book.xlsx.writeFile(at('people.xlsx'));
    const files = [people(20), write('people.ndjson', records.map((record) => JSON.stringify(record)).join('\n')), write('people.json', JSON.stringify(records, null, 1)), at('people.xlsx')];
    const found: unknown[] = [];
    for (const file of files) {
      api = await ApiStandIn.start();
      await run({ file });
      found.push(api.opened.map(({ body }) => JSON.stringify(body)).sort());
      if (file !== files.at(-1)) await api.stop();
    }
    expect(found).toEqual([found[0], found[0], found[0], found[0]]);
    expect(found[0]).toHaveLength(20);
  });

  it('tells its rate and the time left', async () => {
    api = await ApiStandIn.start();
    let now = Date.now();
    await run({ file: people(30) }, { now: () => (now += 400) });
    expect(err).toMatch(/Importing: \d+ of 30 rows, \d+\/s, \d+ s left\n/);
    expect(out).toContain('30 of 30 rows are imported');
  });
});

describe('a dry run', () => {
  it('lists each refused row and field with the reason, never the value, and sends and leaves nothing', async () => {
    api = await ApiStandIn.start();
    const file = write('people.csv', 'prs_FirstName,prs_Birthdate,prs_Gender,extra\nUnmistakable,2010-02-31,Zzyzx,secret\nBesa,2010-02-01,Feminine,\n');
    await expect(run({ file, dryRun: true })).resolves.toMatchObject({ rows: 2, imported: 0, refused: 1 });
    expect(out).toContain('Row 2: prs_Birthdate: this day is not in the calendar (DATE_DOES_NOT_EXIST); prs_Gender: not one of the codes of this field');
    expect(out).toContain('1 of 2 rows can be sent, 1 refused.');
    expect(err).toContain('3 of 4 columns are imported.');
    expect(err).toContain('Not known, so not imported: extra.');
    expect(out + err).not.toMatch(/Unmistakable|02-31|Zzyzx|secret|Besa/);
    expect(api.requests).toBe(0);
    expect(readdirSync(folder)).toEqual(['people.csv']);
  });
  it('needs no server', async () => {
    api = await ApiStandIn.start();
    await expect(runImport({ file: people(1), dryRun: true }, () => Promise.reject(new Error('signed in')), around())).resolves.toMatchObject({ rows: 1 });
  });
  it('says what is known and left out, and why', async () => {
    api = await ApiStandIn.start();
    await run({ file: write('p.csv', 'prs_FirstName,prs_HomePhone,con_Consent,meansThreats\nArta,+355691234567,true,1\n'), dryRun: true });
    expect(err).toContain('prs_HomePhone: somebody else may answer a home phone');
    expect(err).toContain('con_Consent: a tick is no consent record');
    expect(err).toContain('meansThreats: merges several means of control');
  });
});

describe('refused rows', () => {
  const foreign: Whim = ({ body }) => (JSON.stringify(body).includes('Foreign') ? { status: 422, body: { code: 'validation-failed', errors: [{ pointer: '/person/citizenships/0', code: 'NOT_SERVED', detail: 'This organisation does not serve that country.' }] } } : undefined);

  it('go into a file of their own that can be mended and imported alone', async () => {
    api = await ApiStandIn.start({ whim: foreign });
    const file = write('people.csv', '\ufeffprs_FirstName;prs_Birthdate;prs_Citizenship\r\nArta;2010-02-31;ALB\r\n"Besa ""B""";2010-02-01;ALB\r\nForeign;2010-02-01;"ALB;MDA"\r\nCut\r\n');
    await expect(run({ file })).resolves.toMatchObject({ rows: 4, imported: 1, refused: 3, report: at('people.refused.csv') });
    const report = readFileSync(at('people.refused.csv'), 'utf8');
    expect(statSync(at('people.refused.csv')).mode & 0o777).toBe(0o600);
    expect(out).toContain('It holds people\'s data and only you can read it');
    const rows: string[][] = parse(report, { delimiter: ';', bom: true, relax_column_count: true });
    expect(rows[0]).toEqual(['reason', 'prs_FirstName', 'prs_Birthdate', 'prs_Citizenship']);
    expect(rows.slice(1).sort()).toEqual([
      ['prs_Birthdate: this day is not in the calendar (DATE_DOES_NOT_EXIST)', 'Arta', '2010-02-31', 'ALB'],
      ['prs_Citizenship: This organisation does not serve that country. (NOT_SERVED)', 'Foreign', '2010-02-01', 'ALB;MDA'],
      [expect.stringContaining('WRONG_NUMBER_OF_CELLS'), 'Cut'],
    ]);
    writeFileSync(at('people.refused.csv'), report.replace('2010-02-31', '2010-03-01').replace('Foreign', 'Known').replace(/;Cut\r\n/, ';Cut;;\r\n'));
    await expect(run({ file: at('people.refused.csv') })).resolves.toMatchObject({ rows: 3, imported: 3, refused: 0 });
    expect(givenNames()).toEqual(['Arta', 'Besa "B"', 'Cut', 'Known']);
  });

  it('keep their data out of what is shown', async () => {
    api = await ApiStandIn.start({ whim: foreign });
    await run({ file: write('people.csv', 'prs_FirstName,prs_Citizenship\nForeign,ALB\n') });
    expect(out).toContain('1 x prs_Citizenship NOT_SERVED');
    expect(out + err + readFileSync(at(readdirSync(folder).find((name) => name.endsWith('.journal')) ?? ''), 'utf8')).not.toContain('Foreign');
  });

  it('never take the place of a file that is there', async () => {
    api = await ApiStandIn.start();
    const file = write('people.csv', 'prs_FirstName,prs_Gender\nArta,?\n');
    write('people.refused.csv', 'being mended');
    await expect(run({ file })).resolves.toMatchObject({ report: at('people.refused-2.csv') });
    expect(readFileSync(at('people.refused.csv'), 'utf8')).toBe('being mended');
    const second = write('more.csv', 'prs_FirstName,prs_Gender\nArta,?\n');
    await expect(run({ file: second, report: at('people.refused.csv') })).rejects.toThrow('exists already');
  });

  it('stop the import where they cannot be written, and it goes on with another place for them', async () => {
    api = await ApiStandIn.start();
    const file = write('people.csv', 'prs_FirstName,prs_Gender\nArta,?\nBesa,Feminine\n');
    await expect(run({ file, report: at('nowhere/refused.csv') })).resolves.toMatchObject({ stopped: expect.stringContaining('cannot be written') });
    await expect(run({ file, resume: true, report: at('refused.csv') })).resolves.toMatchObject({ imported: 1, refused: 1, report: at('refused.csv') });
  });

  it('of JSON become rows, too', async () => {
    api = await ApiStandIn.start();
    await run({ file: write('people.json', JSON.stringify([{ person: { givenName: 'Arta', gender: 'f', aliases: ['A;B', 'C'] } }, { person: { languages: ['sq'], givenName: 'Besa' } }])) });
    const report = readFileSync(at('people.refused.csv'), 'utf8');
    writeFileSync(at('people.refused.csv'), report.replace(',f,', ',Feminine,'));
    await run({ file: at('people.refused.csv') });
    expect(api.opened.map(({ body }) => body)).toEqual([
      { purpose: 'ASSISTANCE', person: { givenName: 'Besa', languages: ['sq'] } },
      { purpose: 'ASSISTANCE', person: { givenName: 'Arta', gender: 'Feminine', aliases: ['A;B', 'C'] } },
    ]);
  });
});

describe('an import that is stopped goes on', () => {
  it('without a row twice or lost, after kill -9 at any moment, as often as it happens', async () => {
    api = await ApiStandIn.start({ delayMs: 5 });
    const file = people(400);
    let kills = 0;
    for (let code: number | null = null; code !== 0;) {
      const before = api.opened.length;
      const child = spawn(process.execPath, ['bin/run.cjs', fileURLToPath(new URL('fixtures/command.ts', import.meta.url)), api.url, 'import', file, ...(before > 0 ? ['--resume'] : [])], { cwd: root, stdio: 'ignore', env: { ...process.env, NODE_OPTIONS: '' } });
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
      if (kills < 3) {
        while (api.opened.length < before + 40 && child.exitCode === null) await new Promise((resolve) => { setTimeout(resolve, 1); });
        child.kill('SIGKILL');
        kills++;
      }
      code = await ended;
    }
    expect(kills).toBe(3);
    expect(givenNames()).toEqual(expectedNames(400));
    await expect(run({ file, resume: true })).resolves.toMatchObject({ imported: 400, refused: 0 });
    expect(api.opened).toHaveLength(400);
  });

  it('though the answer to a row was lost, and though the journal is cut off in the middle of a line', async () => {
    const stopping = new AbortController();
    api = await ApiStandIn.start({ whim: () => { if (api.opened.length >= 10) stopping.abort(); return undefined; } });
    const file = people(40);
    await expect(run({ file }, { signal: stopping.signal })).resolves.toMatchObject({ stopped: 'Stopped.' });
    expect(api.opened.length).toBeLessThan(30);
    const journal = at(readdirSync(folder).find((name) => name.endsWith('.journal')) ?? '');
    const text = readFileSync(journal, 'utf8');
    truncateSync(journal, text.lastIndexOf('"done"') + 3);
    await expect(run({ file, resume: true })).resolves.toMatchObject({ imported: 40, stopped: undefined });
    expect(givenNames()).toEqual(expectedNames(40));
  });

  it('and then reports every refused row, of all runs', async () => {
    const stopping = new AbortController();
    api = await ApiStandIn.start({ whim: ({ body, nth }) => { if (nth === 5) stopping.abort(); return JSON.stringify(body).includes('No ') ? { status: 422, body: { code: 'validation-failed', errors: [] } } : undefined; } });
    const file = write('people.csv', `prs_FirstName,prs_Gender\n${Array.from({ length: 30 }, (_, n) => `${n % 3 === 0 ? 'No' : 'Yes'} ${n},${n % 5 === 0 ? '?' : 'Feminine'}\n`).join('')}`);
    await expect(run({ file, inFlight: 1 }, { signal: stopping.signal })).resolves.toMatchObject({ report: undefined });
    expect(readdirSync(folder).filter((name) => name.includes('refused'))).toEqual([]);
    const summary = await run({ file, resume: true });
    expect(summary).toMatchObject({ rows: 30, imported: 16, refused: 14 });
    expect(parse(readFileSync(summary.report ?? '', 'utf8'), { bom: true })).toHaveLength(15);
  });

  it('but does not send a row again of which the server may have forgotten that it knew it', async () => {
    const stopping = new AbortController();
    api = await ApiStandIn.start({ whim: ({ nth }) => { if (nth === 3) { stopping.abort(); return { status: 503, body: {}, retryAfter: '1' }; } return undefined; } });
    const file = people(10);
    await run({ file, inFlight: 1 }, { signal: stopping.signal });
    expect(api.opened).toHaveLength(2);
    const tomorrow = Date.now() + 24 * 3_600_000;
    const summary = await run({ file, resume: true }, { now: () => tomorrow });
    expect(summary).toMatchObject({ imported: 9, refused: 1 });
    expect(readFileSync(summary.report ?? '', 'utf8')).toContain('IN_DOUBT');
  });

  it('for each sheet of a workbook by itself', async () => {
    api = await ApiStandIn.start();
    const book = new exceljs.Workbook();
    for (const [name, person] of [['One', 'Arta'], ['Two', 'Besa']] as const) {
      const sheet = book.addWorksheet(name);
      sheet.addRow(['prs_FirstName']);
      sheet.addRow([person]);
    }
    await book.xlsx.writeFile(at('two.xlsx'));
    await run({ file: at('two.xlsx'), sheet: 'One' });
    await run({ file: at('two.xlsx'), sheet: 'Two' });
    await expect(run({ file: at('two.xlsx'), sheet: 'Two' })).rejects.toThrow('--resume');
    expect(givenNames()).toEqual(['Arta', 'Besa']);
  });

  it('only where it was begun, with the same mapping, and never by accident', async () => {
    api = await ApiStandIn.start();
    const file = people(3);
    await expect(run({ file, resume: true })).rejects.toThrow('none can go on');
    await run({ file });
    await expect(run({ file })).rejects.toThrow('Go on with --resume');
    await expect(run({ file, resume: true, map: write('map.json', '{"columns":{"prs_SecondName":null}}') })).rejects.toThrow('another mapping file');
    await expect(runImport({ file, resume: true }, async () => ({ ...httpClient(api.url), target: 'elsewhere' }), around())).rejects.toThrow('another instance');
    await expect(run({ file, resume: true, encoding: 'windows-1250' })).rejects.toThrow('another encoding');
    people(4);
    await expect(run({ file })).rejects.toThrow('when its content was another');
    expect(api.opened).toHaveLength(3);
  });
});

describe('a server', () => {
  it('that is busy or fails now and then loses and doubles nothing', async () => {
    let n = 0;
    api = await ApiStandIn.start({ whim: () => [undefined, { status: 429, body: { code: 'too-many-requests' }, retryAfter: '1' }, undefined, undefined, { status: 503, body: { code: 'service-unavailable' }, retryAfter: '1' }, undefined, { status: 502, body: undefined }][n++ % 7] });
    const began = Date.now();
    const hurried = (): number => began + (Date.now() - began) * 50;
    await expect(run({ file: people(60) }, { now: hurried })).resolves.toMatchObject({ imported: 60, refused: 0 });
    expect(givenNames()).toEqual(expectedNames(60));
  });
  it('that does not know the account any more stops the import, and no row is to blame', async () => {
    let n = 0;
    api = await ApiStandIn.start({ whim: () => (n++ >= 5 && n < 15 ? { status: 401, body: { code: 'token-expired' } } : undefined) });
    const file = people(30);
    await expect(run({ file, inFlight: 2 })).resolves.toMatchObject({ refused: 0, stopped: expect.stringContaining('sign-in'), report: undefined });
    n = 100;
    await expect(run({ file, resume: true })).resolves.toMatchObject({ imported: 30, stopped: undefined });
    expect(givenNames()).toEqual(expectedNames(30));
  });
  it('that this account may not use for cases stops it, too', async () => {
    api = await ApiStandIn.start({ whim: () => ({ status: 403, body: { code: 'role-not-allowed', roles: ['CASE_WORKER'] } }) });
    await expect(run({ file: people(3) })).resolves.toMatchObject({ imported: 0, refused: 0, stopped: expect.stringContaining('may not open cases') });
  });
  it('that has no such address stops it, too', async () => {
    api = await ApiStandIn.start({ whim: () => ({ status: 404, body: '<html>' }) });
    await expect(run({ file: people(3) })).resolves.toMatchObject({ imported: 0, refused: 0, stopped: 'There is no /v1/cases at this address.' });
  });
  it('that is away for too long stops it, and it goes on later', async () => {
    api = await ApiStandIn.start();
    const file = people(5);
    const away = httpClient('http://127.0.0.1:9');
    await expect(runImport({ file }, async () => ({ ...away, target: api.url }), around({ patienceMs: 50 }))).resolves.toMatchObject({ imported: 0, stopped: expect.stringContaining('has not answered') });
    await expect(run({ file, resume: true })).resolves.toMatchObject({ imported: 5 });
    expect(givenNames()).toEqual(expectedNames(5));
  });
  it('whose refusal speaks of guards or of nothing gives these reasons', async () => {
    const problems = [{ status: 409, body: { code: 'guard-refused', guards: [{ guard: 'SG3', reason: 'ADMINISTRATIVE', detail: 'No agreement.' }] } }, { status: 413, body: { code: 'body-too-large', title: 'Too large' } }, { status: 418, body: undefined }];
    api = await ApiStandIn.start({ whim: () => problems.shift() });
    const summary = await run({ file: people(3), inFlight: 1 });
    expect([...summary.refusedBy.keys()]).toEqual(['ADMINISTRATIVE', 'body-too-large', 'status-418']);
  });
});

describe('nothing is sent', () => {
  it.each([
    ['when a late row is larger than 1 MB', `prs_FirstName\nArta\n${'x'.repeat(1_100_000)}\n`, 'Row 3 is larger than 1 MB'],
    ['when no column is known', 'Arta,Example\nBesa,Example\n', 'Not one column'],
    ['when a late line is no JSON', '{"prs_FirstName":"Arta"}\nBesa', 'Line 2 is not JSON'],
    ['when a quote is not closed', 'prs_FirstName\nArta\n"Besa\n', 'not closed'],
    ['when JSON has no known field', '[{"name":"Arta"}]', 'Not one column'],
  ])('%s', async (_, content, message) => {
    api = await ApiStandIn.start();
    await expect(run({ file: write('people.txt', content) })).rejects.toThrow(message);
    expect(api.requests).toBe(0);
    expect(readdirSync(folder)).toEqual(['people.txt']);
    expect(out + err).not.toContain('Arta');
  });
  it('when the mapping names a column that is not there', async () => {
    api = await ApiStandIn.start();
    await expect(run({ file: people(1), map: write('map.json', '{"columns":{"Naam":"person.givenName"}}') })).rejects.toThrow('"Naam"');
    expect(api.requests).toBe(0);
  });
});

describe('memory', () => {
  const inProcess = async (file: string, heapMb: number): Promise<{ code: number | null; err: string }> => {
    const child = spawn(process.execPath, [`--max-old-space-size=${heapMb}`, 'bin/run.cjs', fileURLToPath(new URL('fixtures/command.ts', import.meta.url)), api.url, 'import', file], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, NODE_OPTIONS: '' } });
    let text = '';
    child.stderr.on('data', (chunk) => { text += String(chunk); });
    const code = await new Promise<number | null>((resolve) => { child.once('exit', resolve); });
    return { code, err: text };
  };
  const largeRow = (n: number): Record<string, unknown> => ({ 'person.givenName': `Arta ${n}`, 'notes that are not imported': `${n} ${'x'.repeat(20_000)}` });

  it('is bounded: 10,000 rows of 200 MB in all pass through a heap of 96 MB', async () => {
    api = await ApiStandIn.start();
    const file = at('large.ndjson');
    for (let from = 0; from < 10_000; from += 500) writeFileSync(file, Array.from({ length: 500 }, (_, n) => `${JSON.stringify(largeRow(from + n))}\n`).join(''), { flag: 'a' });
    const { code, err: said } = await inProcess(file, 96);
    expect(said).not.toContain('heap out of memory');
    expect(code).toBe(0);
    expect(api.opened).toHaveLength(10_000);
    expect(existsSync(`${file}.part`)).toBe(false);
  }, 180_000);
});
