import { asyncapi, contracts } from './index.js';

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Where a schema has room for words: a string without list, form or pattern, a value of any type, members that nobody declared. */
function roomForWords(node: unknown, at = ''): readonly string[] {
  if (Array.isArray(node)) return node.flatMap((child, i) => roomForWords(child, `${at}/${i}`));
  if (!isObject(node)) return [];
  const { type, properties } = node;
  const open = type === 'string' && !['enum', 'const', 'pattern', 'format'].some((closed) => closed in node);
  const members = isObject(properties) ? Object.entries(properties).filter(([, member]) => isObject(member) && !['type', 'enum', 'const', '$ref', 'oneOf', 'anyOf', 'allOf'].some((key) => key in member)).map(([name]) => `${at}/properties/${name}`) : [];
  return [...(open ? [at] : []), ...members, ...Object.entries(node).filter(([key]) => key !== 'examples' && key !== 'example').flatMap(([key, child]) => roomForWords(child, `${at}/${key}`))];
}

describe('T06 no field of an event has room for words', () => {
  it('in the document that partners and services read', () => {
    const { components, channels } = asyncapi() as { components: Json; channels: Json };
    expect(Object.keys(components['schemas'] as Json).length).toBeGreaterThanOrEqual(contracts.length - 5);
    expect(roomForWords({ components, channels })).toEqual([]);
  });
  it.each<[string, unknown, readonly string[]]>([
    ['a note', { properties: { note: { type: 'string' } } }, ['/properties/note']], ['a note that is only short', { properties: { note: { type: 'string', maxLength: 10 } } }, ['/properties/note']], ['anything', { properties: { note: {} } }, ['/properties/note']], ['a note in a list', { properties: { notes: { type: 'array', items: { type: 'string' } } } }, ['/properties/notes/items']],
    ['a code', { properties: { state: { type: 'string', enum: ['sent'] } } }, []], ['a reference', { properties: { to: { type: 'string', pattern: '^org_' } } }, []], ['a moment', { properties: { at: { type: 'string', format: 'date-time' } } }, []],
  ])('and %s would be seen', (_what, schema, found) => expect(roomForWords(schema)).toEqual(found));
});
