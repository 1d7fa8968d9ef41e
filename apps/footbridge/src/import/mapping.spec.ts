import { parseMapping } from './mapping.js';

const error = (json: unknown): string => {
  try { parseMapping(Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)), 'map.json'); } catch (thrown) { return thrown instanceof Error ? thrown.message : ''; }
  return 'none';
};

describe('a mapping file is refused with the place and what is wrong there', () => {
  it.each([
    ['{', 'not JSON'],
    ['\ufeff{"columns": {"A": "needs"}}', 'none'],
    [[], 'must be an object'],
    [{}, 'says nothing'],
    [{ column: {} }, '"column", which means nothing here'],
    [{ columns: { A: 'person.name' } }, 'columns["A"] names "person.name", which is no field'],
    [{ columns: { A: 'toString' } }, 'names "toString", which is no field'],
    [{ columns: { A: 5 } }, 'columns["A"] must be an object'],
    [{ columns: { A: { values: {} } } }, 'columns["A"].field must name a field'],
    [{ columns: { A: { field: 'needs', value: {} } } }, 'has "value", which means nothing here'],
    [{ columns: { A: { field: 'needs', values: { x: 1 } } } }, 'columns["A"].values["x"] must be a code'],
    [{ columns: { A: { field: 'needs', values: { x: [] } } } }, 'must be a code, a list of codes'],
    [{ columns: { A: { field: 'needs', missing: 'none' } } }, 'columns["A"].missing must be a list of texts'],
    [{ columns: { A: { field: 'needs', separators: '' } } }, 'columns["A"].separators must be the characters'],
    [{ columns: {}, dateFormat: 'D/M/Y' }, 'dateFormat must be one of YYYY-MM-DD'],
    [{ columns: {}, timeZone: 'Tirana' }, 'timeZone must be a time zone'],
    [{ columns: {}, defaultCountry: 'Albania' }, 'defaultCountry must be a country'],
    [{ columns: {}, always: { 'person.givenName': [] } }, 'always["person.givenName"] must be a text'],
    [{ columns: { A: 'needs' }, always: { missing: '-99' } }, 'always["missing"] names "missing", which is no field'],
  ])('%j: %s', (json, message) => {
    expect(error(json)).toContain(message);
  });
});
