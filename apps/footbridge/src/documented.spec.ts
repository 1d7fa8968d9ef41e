import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openapi } from '@footbridge/service';
import { isPersonal, type Field } from '@footbridge/lifecycle';
import { services } from './services.js';

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const documents = services.map(({ name, lifecycles, documented }) => ({ name, document: openapi(name, lifecycles, documented) as { readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>; readonly components: { readonly schemas: Json } } }));
const operations = documents.flatMap(({ name, document }) => Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ at: `${name} ${method} ${path}`, operation }))));

/** Where a schema has room for words: a string without list, form or pattern, and members that nobody declared. */
function roomForWords(node: unknown, at: string): readonly string[] {
  if (Array.isArray(node)) return node.flatMap((child, i) => roomForWords(child, `${at}/${i}`));
  if (!isObject(node)) return [];
  const isString = [node['type']].flat().includes('string') && !['enum', 'const', 'pattern', 'format'].some((closed) => closed in node);
  const isAnything = node['additionalProperties'] === true || (isObject(node['properties']) && Object.values(node['properties']).some((member) => isObject(member) && Object.keys(member).length === 0));
  return [...(isString || isAnything ? [at] : []), ...Object.entries(node).filter(([key]) => key !== 'example' && key !== 'description').flatMap(([key, child]) => roomForWords(child, `${at}/${key}`))];
}

/** Said in our own words, or by an organisation about itself; nothing of a person stands there. */
const ownWords: Readonly<Record<string, string>> = {
  'Problem/properties/detail': 'what to do now, out of our own table (problem.ts)',
};
const shownWords: Readonly<Record<string, string>> = {
  'Subscription.url': 'of the organisation itself, which is its only party',
  'Partner.publicName': 'what an organisation is called in public, by itself',
  'Shelter.publicName': 'what a house is called in public, by its organisation',
  'RecipientKey.pin': 'a fingerprint', 'RecipientKey.proof': 'a signature', 'RecipientKey.publicKey': 'a key', 'RecipientKey.signedBy': 'a key', 'Subscription.publicKey': 'a key',
  'StatisticsOrder.year': 'four digits, checked where it comes in',
};

describe('T06 what another organisation is shown over HTTP has no room for words', () => {
  it.each(documents.map(({ name, document }) => [name, document] as const))('in the answers that the document of %s declares', (name, document) => {
    const answers = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).flatMap(([method, { responses }]) => roomForWords(responses, `${name} ${method} ${path}`)));
    const schemas = Object.entries(document.components.schemas).flatMap(([schema, node]) => roomForWords(node, schema));
    expect([...answers, ...schemas].filter((at) => ownWords[at] === undefined)).toEqual([]);
  });
  it('in the fields of a view that its parties find, but for those with a reason', () => {
    const shown = services.flatMap(({ lifecycles }) => lifecycles.flatMap((l) => Object.entries(l.fields as Readonly<Record<string, Field>>).filter(([, field]) => field.shown === 'parties').map(([name, field]) => ({ at: `${l.name}.${name}`, field }))));
    expect(shown.length).toBeGreaterThan(20);
    expect(shown.filter(({ field }) => isPersonal(field)).map(({ at }) => at)).toEqual([]);
    expect(shown.filter(({ field }) => field.words === true).map(({ at }) => at).sort()).toEqual(Object.keys(shownWords).sort());
  });
  it.each<[string, unknown, number]>([
    ['a note', { type: 'string' }, 1], ['a note or nothing', { type: ['string', 'null'] }, 1], ['members that nobody declared', { type: 'object', additionalProperties: true }, 1], ['a member of any kind', { type: 'object', properties: { note: {} } }, 1], ['notes in a list', { type: 'array', items: { type: 'string', maxLength: 9 } }, 1],
    ['a code', { type: 'string', enum: ['a'] }, 0], ['a reference', { type: 'string', pattern: '^org_' }, 0], ['a moment', { type: 'string', format: 'date-time' }, 0],
  ])('and %s is seen for what it is', (_what, schema, found) => expect(roomForWords(schema, 'x')).toHaveLength(found));
});

describe('T05, T08 no file comes in, and so no author of a document and no place of a photograph', () => {
  it('by any route that is documented: JSON and nothing else, and no bytes in it', () => {
    expect(operations.length).toBeGreaterThan(150);
    const bodies = operations.map(({ at, operation }) => ({ at, content: isObject(operation['requestBody']) ? operation['requestBody']['content'] : {} }));
    for (const { at, content } of bodies) {
      expect([at, Object.keys(content as Json).filter((type) => !['application/json', 'application/merge-patch+json'].includes(type))]).toEqual([at, []]);
      expect([at, JSON.stringify(content).match(/"(?:format":"(?:binary|byte)"|contentEncoding|contentMediaType)/)]).toEqual([at, null]);
    }
  });
  const folders = ['apps', 'libs', 'bin'];
  const sources = folders.flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) => /\.(?:ts|cjs|mjs|js)$/.test(name) && !/node_modules|\.spec\.ts$/.test(name)).map((name) => join(folder, name)));
  const where = (pattern: RegExp): readonly string[] => sources.filter((name) => pattern.test(readFileSync(join(root, name), 'utf8')));
  it('and none is read by what the services are made of: one parser, for JSON', () => {
    expect(where(/useBodyParser|addContentTypeParser/)).toEqual(['libs/service/src/service.ts']);
    expect(where(/FileInterceptor|UploadedFile|@fastify\/multipart|\bmulter\b|\bbusboy\b|\bformidable\b|request\.formData\(/)).toEqual([]);
    const packages = [root, ...['apps', 'libs'].flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))].map((folder) => join(folder, 'package.json')).filter((path) => existsSync(path));
    const names = packages.flatMap((path) => { const { dependencies = {} } = JSON.parse(readFileSync(path, 'utf8')) as { dependencies?: Json }; return Object.keys(dependencies); });
    expect(names.filter((name) => /multipart|multer|busboy|formidable|exif|mammoth|docx/.test(name))).toEqual([]);
  });

  it('T11 no process writes down its memory: no report, no heap snapshot, no core of it, in code, scripts, image or compose', () => {
    const DUMPS = /--(?:report-|heapsnapshot-|heap-prof|cpu-prof|diagnostic-dir|inspect|abort-on-uncaught-exception)|writeHeapSnapshot|report\.(?:writeReport|reportOn)|NODE_REPORT|setHeapSnapshotNearHeapLimit/;
    expect(where(DUMPS)).toEqual([]);
    for (const name of ['package.json', 'Dockerfile', 'docker-compose.yml', 'deploy/new-env.mjs']) expect([name, DUMPS.exec(readFileSync(join(root, name), 'utf8'))]).toEqual([name, null]);
    for (const flag of ['node --report-on-fatalerror x', 'node --heapsnapshot-signal=SIGUSR2', 'NODE_OPTIONS=--inspect', 'v8.writeHeapSnapshot()', 'process.report.writeReport()']) expect([flag, DUMPS.test(flag)]).toEqual([flag, true]);
  });
});
