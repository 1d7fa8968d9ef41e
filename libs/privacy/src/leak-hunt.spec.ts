import { createHash } from 'node:crypto';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { canaryPerson, type Canary } from './canary-person.js';
import { huntLeaks } from './leak-hunt.js';

const person = canaryPerson(7);
const others = [1, 2, 3].map(canaryPerson);
const name = person.familyName;
const around = (text: string | Buffer): Buffer => Buffer.concat([Buffer.from('{"level":30,"event":"evt_a2","note":"'), Buffer.from(text as string), Buffer.from('","at":"2026-11-24T03:06:00Z"}\n')]);
const found = (content: Buffer | string): string[] => huntLeaks([{ name: 'log', content }], [person, ...others]).filter((leak) => leak.canary === person.name && leak.field === 'familyName').map(({ encoding }) => encoding);
const escaped = (text: string): string => [...text].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
const swapped = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

describe('the hunt finds each leak that is planted for it', () => {
  it.each<[string, string, Buffer | string]>([
    ['plain', 'plain', around(name)],
    ['as a string sink', 'plain', `user ${name} failed`],
    ['upper case', 'folded', around(name.toUpperCase())],
    ['lower case', 'folded', around(name.toLowerCase())],
    ['without diacritics', 'folded', around(name.normalize('NFD').replace(/\p{M}/gu, ''))],
    ['decomposed', 'folded', around(name.normalize('NFD'))],
    ['with invisible characters', 'folded', around([...name].join('\u200b'))],
    ['full width', 'folded', around(name.normalize('NFD').replace(/\p{M}/gu, '').replace(/[a-z]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)))],
    ['base64', 'base64 > plain', around(Buffer.from(name).toString('base64'))],
    ['base64 at position 1', 'base64 > plain', around(Buffer.from(`a${name}bcd`).toString('base64'))],
    ['base64 at position 2', 'base64 > plain', around(Buffer.from(`ab${name}b`).toString('base64'))],
    ['base64 of lower case', 'base64 > folded', around(Buffer.from(`{"n":"${name.toLowerCase()}"}`).toString('base64'))],
    ['base64 stuck to other letters', 'base64 > plain', around(`xyz${Buffer.from(name).toString('base64')}`)],
    ['base64url', 'base64url > plain', around(Buffer.from(`~~~???${name}~~~???`).toString('base64url'))],
    ['base64 in lines', 'base64 in lines > plain', around((Buffer.from(`${'x'.repeat(50)}${name}${'y'.repeat(80)}`).toString('base64').match(/.{1,76}/g) ?? []).join('\r\n'))],
    ['base64 in lines of another system, beyond the second', 'base64 in lines > plain', around((Buffer.from(`${'x'.repeat(112)}${name}${'y'.repeat(80)}`).toString('base64').match(/.{1,76}/g) ?? []).join('\n'))],
    ['hex', 'hex > plain', around(Buffer.from(name).toString('hex'))],
    ['hex with half a byte too many', 'hex > plain', around(`${Buffer.from(name).toString('hex')}f`)],
    ['upper-case hex', 'hex > plain', around(Buffer.from(name).toString('hex').toUpperCase())],
    ['hex of a database', 'hex > plain', around(`\\x${Buffer.from(`..${name}..`).toString('hex')}`)],
    ['hex stuck to another digit', 'hex > plain', around(`0${Buffer.from(name).toString('hex')}`)],
    ['URL', 'url > plain', around(encodeURIComponent(name))],
    ['URL, every byte', 'url > plain', around(Buffer.from(name).toString('hex').replace(/../g, '%$&'))],
    ['UTF-16LE', 'utf-16le', around(Buffer.from(name, 'utf16le'))],
    ['UTF-16BE', 'utf-16be', around(swapped(name))],
    ['UTF-16LE upper case', 'utf-16le', around(Buffer.from(name.toUpperCase(), 'utf16le'))],
    ['UTF-16BE at an odd position', 'utf-16be', Buffer.concat([Buffer.from([1]), swapped(name)])],
    ['UTF-16LE taken for text', 'latin-1 > utf-16le', around(Buffer.from(name, 'utf16le').toString('latin1'))],
    ['UTF-16LE taken for text, in JSON', 'json > latin-1 > utf-16le', JSON.stringify({ reason: Buffer.from(name, 'utf16le').toString('latin1') })],
    ['backward', 'backward', around([...name].reverse().join(''))],
    ['backward, of bytes', 'bytes backward', around(Buffer.from(name).reverse())],
    ['in pieces', 'in pieces', around([...name].join('-'))],
    ['in pieces, by lines', 'in pieces', around(`${name.slice(0, 3)}\n${name.slice(3)}`)],
    ['MD5', 'hex > md5', around(createHash('md5').update(name).digest('hex'))],
    ['SHA-1 of lower case', 'hex > sha1', around(createHash('sha1').update(name.toLowerCase()).digest('hex'))],
    ['SHA-256 in upper-case hex', 'hex > sha256', around(createHash('sha256').update(name).digest('hex').toUpperCase())],
    ['SHA-256 in base64', 'base64 > sha256', around(createHash('sha256').update(name).digest('base64'))],
    ['SHA-256 without diacritics', 'hex > sha256', around(createHash('sha256').update(name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()).digest('hex'))],
    ['SHA-256 of upper case, as bytes', 'sha256', Buffer.concat([Buffer.from([0]), createHash('sha256').update(name.toUpperCase()).digest()])],
    ['quoted-printable', 'quoted-printable > plain', around(Buffer.from(name).toString('hex').toUpperCase().replace(/../g, '=$&'))],
    ['quoted-printable over two lines', 'quoted-printable > plain', around(`${name.slice(0, 4)}=\r\n${name.slice(4)}`)],
    ['quoted-printable over two lines of another system', 'quoted-printable > plain', around(`${name.slice(0, 4)}=\n${name.slice(4)}`)],
    ['encoded words of a mail, cut inside a letter', 'encoded words > plain', around(`=?UTF-8?B?${Buffer.from(name).subarray(0, 3).toString('base64')}?=\r\n =?utf-8?b?${Buffer.from(name).subarray(3).toString('base64')}?=`)],
    ['encoded words of a mail, the other kind', 'encoded words > plain', around(`=?UTF-8?Q?a_${Buffer.from(name).subarray(0, 3).toString('hex').replace(/../g, '=$&')}?= =?UTF-8*en?q?${Buffer.from(name).subarray(3).toString('hex').toUpperCase().replace(/../g, '=$&')}?=`)],
    ['JSON escapes', 'json > plain', around(escaped(name))],
    ['JSON escapes twice', 'json > plain', around(escaped(name).replaceAll('\\', '\\\\'))],
    ['HTML escapes', 'html > plain', around([...name].map((c) => `&#${c.charCodeAt(0)};`).join(''))],
    ['HTML escapes in hex', 'html > plain', around(`&#x110000;&#0;${[...name].map((c) => `&#x${c.charCodeAt(0).toString(16)};`).join('')}`)],
    ['escaped bytes twice', 'escaped bytes > plain', around(Buffer.from(name).toString('hex').replace(/../g, '\\\\x$&'))],
    ['escaped bytes', 'escaped bytes > plain', around(Buffer.from(name).toString('hex').replace(/../g, '\\x$&'))],
    ['Latin-1', 'latin-1', Buffer.from(name, 'latin1')],
    ['gzip', 'gzip > plain', gzipSync(`some text ${name} and more`)],
    ['gzip that was cut off', 'gzip > plain', gzipSync(`${name}${Array.from({ length: 400 }, (_, n) => createHash('md5').update(String(n)).digest('hex')).join('')}`).subarray(0, 4_000)],
    ['gzip inside other bytes', 'gzip > plain', around(gzipSync(name))],
    ['gzip of a named file', 'gzip > plain', around(Buffer.concat([Buffer.from('1f8b081e0000000000030200aabb6c6f672e74787400686900', 'hex'), Buffer.from('cccc', 'hex'), deflateRawSync(name)]))],
    ['deflate', 'deflate > plain', around(deflateSync(`some text ${name} and more`, { level: 9 }))],
    ['URL in base64', 'base64 > url > plain', around(Buffer.from(`q=${encodeURIComponent(name)}`).toString('base64'))],
    ['base64 in base64', 'base64 > base64 > plain', around(Buffer.from(Buffer.from(name).toString('base64')).toString('base64'))],
    ['JSON in gzip in base64', 'base64 > gzip > json > plain', around(gzipSync(JSON.stringify({ note: 'x' }).replace('x', escaped(name))).toString('base64'))],
    ['UTF-16LE in base64', 'base64 > utf-16le', around(Buffer.from(name, 'utf16le').toString('base64'))],
  ])('%s', (_, encoding, content) => {
    expect(found(content)).toContain(encoding);
  });

  it('in each script, in each encoding', () => {
    for (const field of ['givenName', 'arabicName', 'cyrillicName', 'chineseName', 'phone', 'address', 'documentNumber']) {
      const value = person.values[field] ?? '';
      const sinks = Object.entries({
        plain: value, base64: Buffer.from(`{"n":"${value}"}`).toString('base64'), base64url: Buffer.from(`{"n":"${value}>>???"}`).toString('base64url'), hex: Buffer.from(value).toString('hex'),
        url: encodeURIComponent(value), form: new URLSearchParams({ value }).toString(), le: Buffer.from(value, 'utf16le'), be: swapped(value), json: escaped(value), gzip: gzipSync(value),
      }).map(([sink, content]) => ({ name: sink, content: around(content) }));
      const leaks = huntLeaks(sinks, [person]).filter((leak) => leak.field === field);
      expect([field, [...new Set(leaks.map(({ sink }) => sink))].sort()]).toEqual([field, sinks.map((sink) => sink.name).sort()]);
    }
  });

  it('and says whose, which field, and where, but not the value', () => {
    const leaks = huntLeaks([{ name: 'clean', content: 'nothing' }, { name: 'topic', content: around(name) }], [person]);
    expect(leaks).toEqual([{ sink: 'topic', canary: 'canary 7', field: 'familyName', encoding: 'plain' }]);
  });
});

describe('the hunt finds nothing where nothing is', () => {
  it('in ordinary text, references, hashes and random bytes', () => {
    const harmless = Buffer.concat([
      around('The transport is confirmed for Monday'), Buffer.from(Array.from({ length: 500 }, (_, n) => `${n} rfr_qezvxwojvqykzxaf${n} 7b2c9a52-5f0e-4c8b-9b1c-8f3f3c1f9a10 %41%42 \\u0041 +355600 QX`).join('\n')),
      Buffer.from(Array.from({ length: 60_000 }, (_, n) => (n * 2_654_435_761) >>> 13 & 255)), gzipSync('hello'), Buffer.from('1f8b08ffff', 'hex'), Buffer.from('789cffff', 'hex'),
    ]);
    expect(huntLeaks([{ name: 'harmless', content: harmless }, { name: 'empty', content: '' }], [person, ...others])).toEqual([]);
  });

  it('and refuses a value too short to be told from chance', () => {
    expect(() => huntLeaks([], [{ name: 'x', values: { givenName: 'Li' } }])).toThrow(new RangeError('x, givenName: too short to be told from chance.'));
  });
});

it('takes twenty people and some megabytes of log in reasonable time', () => {
  const line = `${JSON.stringify({ level: 30, time: '2026-11-24T03:06:00.000Z', event: 'evt_abcdefghijklmnopqrstuvwxyz234567abcdef', trace: '4bf92f3577b34da6a3ce929d0e0e4736', route: '/v1/referrals/{id}', status: 200 })}\n`;
  const before = Date.now();
  expect(huntLeaks([{ name: 'log', content: line.repeat(20_000) }], Array.from({ length: 20 }, (_, seed) => canaryPerson(seed)))).toEqual([]);
  expect(Date.now() - before).toBeLessThan(20_000);
});

describe('the hunt', () => {
  it('in what is much and binary looks for values, their other forms and their sums, and inside no encoding', () => {
    const hunt = (content: Buffer): string[] => huntLeaks([{ name: 'WAL', content: Buffer.concat([Buffer.alloc(600, 7), content]), raw: true }], [person]).map(({ field, encoding }) => `${field} ${encoding}`);
    expect(hunt(Buffer.from(name))).toEqual(['familyName plain']);
    expect(hunt(Buffer.from(name.toUpperCase()))).toEqual(['familyName other case']);
    expect(hunt(createHash('sha1').update(name).digest())).toEqual(['familyName sha1']);
    expect(hunt(Buffer.from(name, 'utf16le'))).toEqual(['familyName utf-16le']);
    expect(hunt(Buffer.from(Buffer.from(name).toString('base64')))).toEqual([]);
  });
  it('finds the sum of a whole name in each order', () => {
    for (const whole of [`${person.givenName} ${person.familyName}`, `${person.familyName} ${person.givenName}`, `${person.familyName}, ${person.givenName}`, `${person.givenName}${person.familyName}`.toLowerCase()]) {
      expect(huntLeaks([{ name: 'log', content: createHash('sha256').update(whole).digest('hex') }], [person, ...others])).toEqual([{ sink: 'log', canary: person.name, field: 'name', encoding: 'hex > sha256' }]);
    }
  });
  it('takes no sum of somebody else for hers, and no letters that are near each other for pieces', () => {
    expect(huntLeaks([{ name: 'log', content: `${createHash('sha256').update(`${name} `).digest('hex')} ${[...name].slice(1).join('-')}` }], [person])).toEqual([]);
  });
  it('makes no name of half of one, and does not say twice what stands there whole', () => {
    const sum = (text: string): string => createHash('sha256').update(text).digest('hex');
    for (const field of ['givenName', 'familyName']) {
      const content = ['Qezvxwoj undefined', 'undefined Qezvxwoj', 'undefined, Qezvxwoj', 'Qezvxwoj, undefined'].map(sum).join(' ');
      expect(huntLeaks([{ name: 'log', content }], [{ name: 'x', values: { [field]: 'Qezvxwoj' } }])).toEqual([]);
    }
    expect(huntLeaks([{ name: 'log', content: `for ${person.givenName} ${person.familyName}` }], [person]).map(({ field, encoding }) => `${field} ${encoding}`).sort()).toEqual(['familyName plain', 'givenName plain']);
  });
  it('says each disguise of a value that stands there in several, but not that what is plain can be folded too', () => {
    expect(found(Buffer.concat([around(Buffer.from(name, 'utf16le')), around(name.toUpperCase())]))).toEqual(expect.arrayContaining(['folded', 'utf-16le']));
    expect(found(around(`${name} and ${name.toUpperCase()}`))).toEqual(['plain']);
  });
  it('joins nothing that stands apart, and looks for pieces and sums where somebody may have put them', () => {
    const hex = (text: string): string => Buffer.from(text).toString('hex');
    expect(found(around(`${hex(name.slice(0, 5))} ${hex(name.slice(5))}`))).toEqual([]);
    expect(found(around(Buffer.from([...name].join('-')).toString('base64')))).toEqual([]);
    const sum = createHash('sha256').update(name).digest();
    expect(found(around(Buffer.from(sum.toString('base64')).toString('base64')))).toEqual([]);
    const spaced: Canary = { name: 'x', values: { address: 'Qezvx 12 Wojtr' } };
    expect(huntLeaks([{ name: 'mail', content: 'Subject: =?utf-8?q?to_Qezvx_12_Wojtr?=' }], [spaced]).map(({ encoding }) => encoding)).toContain('encoded words > plain');
    expect(huntLeaks([{ name: 'link', content: around(Buffer.from('Qezvxwoj???').toString('base64url')) }], [{ name: 'x', values: { givenName: 'Qezvxwoj' } }]).map(({ encoding }) => encoding)).toContain('base64url > plain');
  });
  it('says once where somebody stands: not also in an encoding that nothing was in', () => {
    const plain: Canary = { name: 'x', values: { givenName: 'Qezvxwoj' } };
    const of = (content: string): string[] => huntLeaks([{ name: 'log', content }], [plain]).map(({ encoding }) => encoding);
    expect([of('qezvxwoj'), of('x\0 Qezvxwoj'), of(`"${Buffer.from('Qezvxwoj').toString('base64')}"`)]).toEqual([['folded'], ['plain'], ['base64 > plain']]);
    const words = (text: string): string => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;
    expect([of(`${words('Qezv')} ${words('xwoj')}`), of(`${words('Qezv')} and ${words('xwoj')}`)]).toEqual([['encoded words > plain'], []]);
  });
  it('finds what a base64 in lines begins with', () => {
    expect(found(around((Buffer.from(`${name}${'y'.repeat(80)}`).toString('base64').match(/.{1,76}/g) ?? []).join('\n')))).toContain('base64 in lines > plain');
  });
  it('looks for an encoding inside another where a stretch of it reads like text: twelve characters, or all there is', () => {
    const short: Canary = { name: 'x', values: { givenName: 'Qezv' } };
    const inner = Buffer.from('Qezv').toString('base64').slice(0, 6);
    const hidden = (...parts: readonly string[]): boolean => huntLeaks([{ name: 'log', content: `"${Buffer.from(parts.join(''), 'latin1').toString('base64')}"` }], [short]).some(({ encoding }) => encoding === 'base64 > base64 > plain');
    const noise = '\xff\xfe\xff\xfe\xff\xfe';
    for (const tail of ['......', '\n.....', '\r.....', ' .....', '~.....']) expect([tail, hidden(noise, inner, tail, noise), hidden(noise, inner, tail.slice(0, 5), noise)]).toEqual([tail, true, false]);
    for (const tail of ['\x1f......', '\x7f......', '.....\x1f.', '\x80......']) expect([tail, hidden(noise, inner, tail, noise)]).toEqual([tail, false]);
    for (const [tail, is] of [['', true], [' ', true], ['~', true], ['\x1f', false], ['\x7f', false]] as const) expect([tail, hidden(inner, tail)]).toEqual([tail, is]);
  });
});
