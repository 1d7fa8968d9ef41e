import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgeBand, Citizenship, ConsentPurpose, htcds, ServiceType } from '@footbridge/contracts';
import { isPlainText } from '@footbridge/lifecycle';
import { newRef } from '@footbridge/privacy';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { exportColumns, exported, exportObject } from './case-record.js';
import { Columns } from './columns.js';
import { ApiStandIn } from './fixtures/api-stand-in.js';
import { httpClient } from './fixtures/http-client.js';
import { noMapping } from './mapping.js';
import { type Json, readRow } from './row.js';
import { runExport } from './run-export.js';
import { runImport, type Surroundings } from './run-import.js';
import { csvLine } from './table/csv-cell.js';
import { lookAt } from './table/file.js';
import { openTable } from './table/table.js';

const now = Date.parse('2026-11-24T03:06:00Z');
const folder = mkdtempSync(join(tmpdir(), 'footbridge-export-'));
let api: ApiStandIn | undefined;
let said = '';
const around = (more: Partial<Surroundings> = {}): Surroundings => ({ out: { write: (text) => { said += text; } }, err: { write: () => undefined }, signal: new AbortController().signal, now: Date.now, wait: () => Promise.resolve(), ...more });
afterEach(async () => { await api?.stop(); api = undefined; said = ''; });
afterAll(() => rmSync(folder, { recursive: true }));

/** Any case that the API could hold. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
  fc.array(fc.constantFrom(' ', '\n', '\r\n', '\t', '"', '\\', 'e\u0301', '\u2028', 'Arta', ';', '|', "'", '=1', 'n/a'), { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')),
  fc.constantFrom('" Arta"', '"\\n"', '"Fictional"', '"\\" x\\""', ' '),
).filter(isPlainText);
const alias = text.filter((value) => !/\p{C}/u.test(value));
const code = (list: { readonly values: readonly string[] }) => fc.constantFrom(...list.values);
const codes = (list: { readonly values: readonly string[] }) => fc.uniqueArray(code(list), { minLength: 1, maxLength: 4 });
const date = fc.date({ min: new Date('1930-01-01'), max: new Date('2026-11-01'), noInvalidDate: true });
const day = date.map((at) => at.toISOString().slice(0, 10));
const phone = fc.integer({ min: 600_000_000, max: 699_999_999 }).map((n) => `+355${n}`);
const some = <T extends Record<string, fc.Arbitrary<unknown>>>(model: T) => fc.record(model, { requiredKeys: [] });
const languages = fc.uniqueArray(fc.constantFrom('sq', 'en', 'sr-Latn', 'sr', 'pt-BR', 'ckb', 'rmn', 'zh-Hant', 'ti', 'fil'), { minLength: 1, maxLength: 4 });

const caseView = some({
  purpose: code(ConsentPurpose),
  openedAt: date.map((at) => at.toISOString().replace('.000Z', 'Z')),
  person: some({
    givenName: text, familyName: text, chosenName: text, aliases: fc.uniqueArray(alias, { minLength: 1, maxLength: 3 }), birthDate: day, birthDateCertainty: fc.constantFrom('documented', 'stated', 'estimated', 'unknown'),
    ageBand: code(AgeBand), gender: code(htcds.Gender.list), citizenships: codes(Citizenship), languages, interpreterNeeded: fc.boolean(), education: code(htcds.Education.list), maritalStatus: code(htcds.MaritalStatus.list),
    childrenCount: fc.integer({ min: 0, max: 50 }), identityNumber: text, travelDocumentNumber: text, phone, safeContact: some({ phone, when: text, how: text, codeWord: text, leaveMessage: fc.boolean() }),
  }),
  needs: codes(ServiceType), ageBelief: fc.constantFrom('child', 'adult', 'unsure'), unaccompanied: fc.boolean(),
  health: some({ disability: text, conditions: fc.tuple(text, text).map((lines) => lines.join('\n')), pregnancy: fc.boolean(), medication: text }),
  trafficking: some({
    status: code(htcds.TraffickingStatus.list), decisionOrg: code(htcds.DecisionOrg.list), decidedOn: day, typesOfExploitation: codes(htcds.TypeOfExploitation.list), typesOfSexExploitation: codes(htcds.TypeOfSexExploitation.list),
    methodsOfControl: codes(htcds.MethodsOfControl.list), recruitment: codes(htcds.MethodOfRecruitment.list), industry: codes(htcds.ForcedLabourIndustry.list), relationshipToTrafficker: code(htcds.RelationshipToTrafficker.list), locations: codes(Citizenship),
  }),
}).filter((view) => fields(view) > 0);
const fields = (value: unknown): number => (typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.values(value).reduce<number>((sum, item) => sum + fields(item), 0) : value === undefined ? 0 : 1);
/** Without the empty objects that a request does not have. */
const asRequest = (view: object): unknown => JSON.parse(JSON.stringify({ purpose: 'ASSISTANCE', ...view }, (_, value: unknown) => (typeof value === 'object' && value !== null && !Array.isArray(value) && fields(value) === 0 ? undefined : value)));

const imported = async (path: string): Promise<Json[]> => {
  const columns = new Columns(noMapping);
  const bodies: Json[] = [];
  for await (const row of (await openTable(await lookAt(path, undefined), {}, (name) => columns.rule(name) !== undefined)).rows()) {
    const read = readRow(row, columns, now);
    if (read === 'blank' || 'refusals' in read) throw new Error(`row ${row.number}: ${JSON.stringify(read)}`);
    bodies.push(read.body);
  }
  return bodies;
};

describe('what is exported and imported again is the same', () => {
  const viewOf = (view: object): Record<string, unknown> => ({ id: newRef('cas'), state: 'active', version: 3, can: ['closeCase'], ...view });

  it('through CSV with HTCDS names', async () => {
    await fc.assert(fc.asyncProperty(fc.array(caseView, { minLength: 1, maxLength: 4 }), async (views) => {
      const path = join(folder, 'round-trip.csv');
      writeFileSync(path, `\ufeff${csvLine(exportColumns.map(({ name }) => name), ',')}${views.map((view) => csvLine(exportColumns.map(({ cell }) => cell(viewOf(view))), ',')).join('')}`);
      expect(await imported(path)).toEqual(views.map(asRequest));
    }), { numRuns: 300 });
  }, 120_000);

  it('through NDJSON', async () => {
    await fc.assert(fc.asyncProperty(fc.array(caseView, { minLength: 1, maxLength: 4 }), async (views) => {
      const path = join(folder, 'round-trip.ndjson');
      writeFileSync(path, views.map((view) => `${JSON.stringify(exportObject(viewOf(view)))}\n`).join(''));
      expect(await imported(path)).toEqual(views.map(asRequest));
    }), { numRuns: 300 });
  }, 120_000);

  it.each(['csv', 'ndjson'])('through the API, over many pages, as %s', async (ending) => {
    api = await ApiStandIn.start();
    const views = fc.sample(caseView, 250);
    for (const view of views) { const id = newRef('cas'); api.cases.set(id, { id, state: 'active', version: 1, ...view }); }
    const file = join(folder, `all.${ending}`);
    await expect(runExport({ file }, httpClient(api.url), around())).resolves.toEqual({ cases: 250, withoutPerson: 0, leftOut: 0 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(said).toContain('250 cases are in');
    await expect(runImport({ file }, async () => httpClient(api?.url ?? ''), around())).resolves.toMatchObject({ rows: 250, imported: 250, refused: 0 });
    const sorted = (list: readonly unknown[]): string[] => list.map((item) => JSON.stringify(item, (_, value: unknown) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort()) : value))).sort();
    expect(sorted(api.opened.map(({ body }) => body))).toEqual(sorted(views.map(asRequest)));
  });
});

describe('a CSV export', () => {
  const cells = (view: object): Readonly<Record<string, string>> => Object.fromEntries(exportColumns.map(({ name, cell }) => [name, cell({ id: 'cas_x', state: 'follow_up', ...view })]));

  it('has the names and words of HTCDS, and languages in ISO 639-2', () => {
    expect(cells({ person: { givenName: 'Arta', languages: ['sq', 'en'], citizenships: ['AL', 'stateless'] }, trafficking: { relationshipToTrafficker: 'Unacquainted', methodsOfControl: ['DebtBondage'] } })).toMatchObject({
      case: 'cas_x', cas_Status: 'FollowUp', prs_FirstName: 'Arta', prs_PrimaryLanguage: 'sqi', prs_SecondaryLanguage: 'eng', 'person.languages': '', prs_Citizenship: 'AL;stateless',
      vic_RelationshipToTrafficker: 'Unaquainted', vic_MethodsOfControl: 'DebtBondage', 'trafficking.methodsOfControl': '',
    });
  });
  it('says in a column of its own what these words cannot say', () => {
    expect(cells({ person: { languages: ['sr-Latn', 'ckb', 'en'] }, trafficking: { methodsOfControl: ['DebtBondage', 'RestrictsMovement', 'UsesChildren'] } })).toMatchObject({
      prs_PrimaryLanguage: 'srp', prs_SecondaryLanguage: 'ckb', 'person.languages': 'sr-Latn;ckb;en', vic_MethodsOfControl: 'DebtBondage;Other', 'trafficking.methodsOfControl': 'DebtBondage;RestrictsMovement;UsesChildren',
    });
  });
  it('never has what a person told of her story', () => {
    const view = { person: { givenName: 'Arta' }, trafficking: { narrative: 'told in confidence' } };
    expect(JSON.stringify([cells(view), exportObject(view)])).not.toContain('told in confidence');
  });
  it('has a column for every field of a case and no name twice', () => {
    const names = exportColumns.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(exported.filter((field) => exportColumns.every(({ cell }) => cell(nested(field)) === ''))).toEqual([]);
  });
  const samples: Readonly<Record<string, unknown>> = { 'person.interpreterNeeded': true, 'person.safeContact.leaveMessage': true, 'person.childrenCount': 1, 'health.pregnancy': true, unaccompanied: true };
  const nested = (field: string): Record<string, unknown> => field.split('.').reverse().reduce<unknown>((value, part) => ({ [part]: value }), samples[field] ?? ['x']) as Record<string, unknown>;
});

describe('an export of many', () => {
  const quota = (after: number): { client: ReturnType<typeof httpClient>; posted: string[] } => {
    const base = httpClient(api?.url ?? '');
    const posted: string[] = [];
    let looks = 0;
    return { posted, client: {
      ...base,
      get: async (path) => (path.includes('reveal=') && (looks += 1) > after && !posted.some((p) => p.endsWith('/start')) ? { status: 429, body: { code: 'looks-used-up' }, retryAfter: '3000' } : base.get(path)),
      post: (path) => { posted.push(path); return Promise.resolve(path.includes('exp_bad') ? { status: 404, body: { code: 'not-found' } } : { status: 200, body: {} }); },
    } };
  };
  const filled = async (): Promise<void> => { api = await ApiStandIn.start(); for (let n = 0; n < 40; n += 1) { const id = newRef('cas'); api.cases.set(id, { id, state: 'active', version: 1, person: { givenName: `Invented ${n}` } }); } };

  it('T38 stops where the quota does, without waiting, keeps nothing and says what to do', async () => {
    await filled();
    const file = join(folder, 'stopped.csv');
    await expect(runExport({ file }, quota(30).client, around({ wait: () => { throw new Error('waited'); } }))).rejects.toThrow(/as many people as one hour allows.*--allowed exp_….*Nothing was kept/);
    expect(readdirSync(folder).filter((name) => name.startsWith('stopped'))).toEqual([]);
  });
  it('T38 that a second person has allowed is begun first, goes to the end, and is used up', async () => {
    await filled();
    const { client, posted } = quota(30);
    await expect(runExport({ file: join(folder, 'allowed.csv'), allowed: 'exp_1' }, client, around())).resolves.toMatchObject({ cases: 40 });
    expect(posted).toEqual(['/v1/exports/exp_1/start', '/v1/exports/exp_1/finish']);
    await expect(runExport({ file: join(folder, 'not-allowed.csv'), allowed: 'exp_bad' }, quota(30).client, around())).rejects.toThrow('not allowed to this account, or it was used already (404 not-found)');
    expect(readdirSync(folder).filter((name) => name.startsWith('not-allowed'))).toEqual([]);
  });
  it.each(['csv', 'ndjson'])('DP-34 of real people is refused by a demonstration, before anything is sent: %s', async (ending) => {
    await filled();
    const [real, invented] = [join(folder, `real.${ending}`), join(folder, `demo.${ending}`)];
    const demonstration = { ...httpClient(api?.url ?? ''), kind: () => Promise.resolve('demonstration' as const) };
    await runExport({ file: real }, httpClient(api?.url ?? ''), around());
    await runExport({ file: invented }, demonstration, around());
    await expect(runImport({ file: real }, () => Promise.resolve(demonstration), around())).rejects.toThrow(/exported from an instance with real people.*nothing was sent \(DP-34\)/);
    expect(api?.opened).toEqual([]);
    await expect(runImport({ file: invented }, () => Promise.resolve(demonstration), around())).resolves.toMatchObject({ imported: 40 });
    await expect(runImport({ file: real }, () => Promise.resolve(httpClient(api?.url ?? '')), around())).resolves.toMatchObject({ imported: 40 });
  });
});

describe('an export', () => {
  it('leaves out nothing that the caller may see, and says what the caller may not', async () => {
    api = await ApiStandIn.start();
    for (const [n, more] of [{}, { foreign: true }, { state: 'anonymised' }, { state: 'closed' }, { state: 'closed_referred' }].entries()) { const id = newRef('cas'); api.cases.set(id, { id, state: 'active', needs: ['health'], person: { givenName: `Arta ${n}` }, ...more }); }
    const file = join(folder, 'some.csv');
    await expect(runExport({ file }, httpClient(api.url), around())).resolves.toEqual({ cases: 2, withoutPerson: 1, leftOut: 2 });
    expect(said).toContain('1 of them without the person');
    expect(said).toContain('2 closed cases are left out');
    await expect(runExport({ file: join(folder, 'all-states.csv'), closed: true }, httpClient(api.url), around())).resolves.toMatchObject({ cases: 4, leftOut: 0 });
    const rows: Record<string, string>[] = parse(readFileSync(file), { bom: true, columns: true });
    expect(rows.map((row) => [row['prs_FirstName'], row['needs']])).toEqual([['Arta 0', 'health'], ['', '']]);
  });
  it('never writes over a file, and leaves none that is half written', async () => {
    api = await ApiStandIn.start();
    const file = join(folder, 'mine.csv');
    writeFileSync(file, 'mine');
    await expect(runExport({ file }, httpClient(api.url), around())).rejects.toThrow('exists already');
    await expect(runExport({ file: join(folder, 'away.csv') }, httpClient('http://127.0.0.1:9'), around({ patienceMs: 0 }))).rejects.toThrow('Nothing was kept');
    await expect(runExport({ file: join(folder, 'mine.txt') }, httpClient(api.url), around())).rejects.toThrow('--format');
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(readdirSync(folder).filter((name) => name.includes('away') || name.endsWith('.part'))).toEqual([]);
  });
});
