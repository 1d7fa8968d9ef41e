import { createHash } from 'node:crypto';
import { constants, inflateRawSync, inflateSync } from 'node:zlib';
import type { Canary } from './canary-person.js';
import { fold } from './fold.js';

/** A place where nothing about a person may be: a topic, a log, a table, a mail. */
export interface Sink {
  readonly name: string;
  readonly content: Buffer | string;
  /** Much and binary, like a write-ahead log: values, their sums and UTF-16 are sought as they are, and not inside encodings. */
  readonly raw?: true;
}

/** Which value of whom is where, and in which disguise. The value itself is not repeated. */
export interface Leak { readonly sink: string; readonly canary: string; readonly field: string; readonly encoding: string }

interface Needle { readonly canary: string; readonly field: string; readonly encoding: string; readonly bytes: Buffer }
interface Wanted { readonly exact: readonly Needle[]; /** And the sums, which nobody hides deeper than in one encoding. */ readonly exactAndSums: readonly Needle[]; readonly folded: readonly Needle[]; readonly pieces: readonly Needle[]; /** For what is not folded. */ readonly forms: readonly Needle[] }
interface Disguise { readonly encoding: string; readonly reveal: (content: Buffer, text: string, readable: string) => Buffer | Revealed | undefined }
/** What was in an encoding, and of it what reads like text: nothing is encoded again inside what does not. */
interface Revealed { readonly all: Buffer; readonly readable: Buffer }

const DEEPEST = 4;
const SHORTEST = 4;
/** So deep is still looked for pieces: what chance has decoded has none. */
const IN_PIECES = 0;
const MOST_INFLATED = 64 * 1024 * 1024;

/**
 * Searches sinks for invented people: each value, and the names together, plain, without case and diacritics, backward, in
 * pieces, as their MD5, SHA-1 and SHA-256 sums, as base64 (also inside a longer one, in whatever position, and in lines),
 * base64url, hex, URL, quoted-printable, words of a mail's header, JSON and HTML escapes, UTF-16 of both orders, also taken for text, gzip and deflate;
 * and each of these inside another, up to four deep.
 */
export function huntLeaks(sinks: readonly Sink[], canaries: readonly Canary[]): Leak[] {
  const wanted = wantedOf(canaries);
  const leaks = new Map<string, Leak>();
  for (const sink of sinks) {
    const content = Buffer.from(sink.content as string);
    const report = ({ canary, field }: Needle, encoding: string): void => {
      const leak = { sink: sink.name, canary, field, encoding };
      leaks.set(JSON.stringify(leak), leak);
    };
    if (sink.raw) for (const found of within(content, [...wanted.exactAndSums, ...wanted.forms])) report(found, found.encoding);
    else search(content, [], wanted, report);
  }
  return [...leaks.values()];
}

const SUMS = ['md5', 'sha1', 'sha256'] as const;
const backward = (text: string): string => [...text].reverse().join('');
const letters = (text: string): string => text.replace(/[^\p{L}\p{N}]/gu, '');

/** Names stand together too: a sum of the whole is another than that of a part. */
function* valuesOf({ values }: Canary): Generator<readonly [field: string, value: string, whole: boolean]> {
  for (const [field, value] of Object.entries(values)) yield [field, value, false];
  const { givenName: given, familyName: family } = values;
  if (given !== undefined && family !== undefined) for (const value of [`${given} ${family}`, `${family} ${given}`, `${family}, ${given}`, `${given}${family}`]) yield ['name', value, true];
}

function wantedOf(canaries: readonly Canary[]): Wanted {
  const exact: Needle[] = [];
  const folded: Needle[] = [];
  const sums: Needle[] = [];
  const pieces: Needle[] = [];
  const written: Needle[] = [];
  for (const person of canaries) for (const [field, value, whole] of valuesOf(person)) {
    const canary = person.name;
    if ([...fold(value)].length < SHORTEST) throw new RangeError(`${canary}, ${field}: too short to be told from chance.`);
    const forms = new Set([value, value.toLowerCase(), value.toUpperCase(), fold(value), value.normalize('NFD')]);
    for (const sum of SUMS) for (const form of forms) sums.push({ canary, field, encoding: sum, bytes: createHash(sum).update(form).digest() });
    if (whole) continue; // its parts are sought already
    for (const form of [...forms].slice(1)) written.push({ canary, field, encoding: 'other case', bytes: Buffer.from(form) });
    exact.push({ canary, field, encoding: 'plain', bytes: Buffer.from(value) }, { canary, field, encoding: 'bytes backward', bytes: Buffer.from(value).reverse() });
    folded.push({ canary, field, encoding: 'folded', bytes: Buffer.from(fold(value)) }, { canary, field, encoding: 'backward', bytes: Buffer.from(backward(fold(value))) });
    pieces.push({ canary, field, encoding: 'in pieces', bytes: Buffer.from(letters(fold(value))) });
    for (const form of forms) {
      const little = Buffer.from(form, 'utf16le');
      exact.push({ canary, field, encoding: 'utf-16le', bytes: little }, { canary, field, encoding: 'utf-16be', bytes: Buffer.from(little).swap16() });
    }
  }
  return { exact, exactAndSums: [...exact, ...sums], folded, pieces, forms: written };
}

function search(content: Buffer, path: readonly string[], wanted: Wanted, report: (found: Needle, encoding: string) => void, readable?: Buffer): void {
  const text = content.toString();
  const exact = within(content, path.length > 1 ? wanted.exact : wanted.exactAndSums);
  const plain = new Set(exact.filter(({ encoding }) => encoding === 'plain').map(({ canary, field }) => `${canary}/${field}`));
  const folded = [text, ...(text.includes('\ufffd') ? [content.toString('latin1')] : [])]
    .flatMap((read, i) => within(Buffer.from(fold(read)), wanted.folded).map((needle) => (i === 0 ? needle : { ...needle, encoding: 'latin-1' })))
    .filter(({ canary, field }) => !plain.has(`${canary}/${field}`));
  const seen = new Set([...exact, ...folded].map(({ canary, field }) => `${canary}/${field}`));
  const pieces = path.length > IN_PIECES ? [] : within(Buffer.from(letters(fold(text))), wanted.pieces).filter(({ canary, field }) => !seen.has(`${canary}/${field}`));
  for (const found of [...exact, ...folded, ...pieces]) report(found, [...path, found.encoding].join(' > '));
  if (path.length === DEEPEST) return;
  const words = readable ? readable.toString() : text;
  for (const { encoding, reveal } of disguises) {
    const inside = reveal(content, text, words);
    const [all, within] = inside === undefined || Buffer.isBuffer(inside) ? [inside, inside] : [inside.all, inside.readable];
    if (all && all.length >= SHORTEST) search(all, [...path, encoding], wanted, report, within);
  }
}

/** One bit for each run of three bytes that occurs: nearly every needle is ruled out without a look at the content. */
const triples = new Uint8Array(1 << 21);
const WORTH_AN_INDEX = 512;

function within(content: Buffer, needles: readonly Needle[]): Needle[] {
  if (content.length < WORTH_AN_INDEX) return needles.filter(({ bytes }) => content.includes(bytes));
  triples.fill(0);
  let triple = 0;
  for (const byte of content) {
    triple = ((triple << 8) | byte) & 0xff_ff_ff;
    triples[triple >>> 3]! |= 1 << (triple & 7);
  }
  return needles.filter(({ bytes }) => {
    for (let at = 2, run = bytes.readUInt16BE(); at < bytes.length; at += 1) {
      run = ((run << 8) | bytes.readUInt8(at)) & 0xff_ff_ff;
      if ((triples[run >>> 3]! & (1 << (run & 7))) === 0) return false;
    }
    return content.includes(bytes);
  });
}

/** Runs of an encoding's alphabet, each decoded from every position at which a unit of it could begin. */
function runs(text: string, run: RegExp, unit: number, decode: (run: string) => Buffer): Revealed {
  const parts: Buffer[] = [];
  const readable: Buffer[] = [];
  // a log says the same words again and again: each is looked into once
  for (const found of new Set(text.match(run))) for (let start = 0; start < unit; start += 1) {
    const part = decode(found.slice(start));
    parts.push(part, SEPARATOR);
    if (isReadable(part)) readable.push(part, SEPARATOR);
  }
  return { all: Buffer.concat(parts), readable: Buffer.concat(readable) };
}
/** Random bytes, which all sealed columns are, have four printable ones in ten; an encoding has nothing else. A stretch of them is enough. */
function isReadable(part: Buffer): boolean {
  for (let at = 0, run = 0; at < part.length; at += 1) {
    const byte = part.readUInt8(at);
    run = (byte > 31 && byte < 127) || byte === 10 || byte === 13 ? run + 1 : 0;
    if (run >= READABLE) return true;
  }
  return part.every((byte) => byte > 31 && byte < 127);
}
const READABLE = 12;
const SEPARATOR = Buffer.from('\n\n');

function unescaped(text: string, escape: RegExp, mean: (...groups: string[]) => string): Buffer | undefined {
  let any = false;
  const plain = text.replace(escape, (...groups: string[]) => {
    any = true;
    return mean(...groups);
  });
  return any ? Buffer.from(plain) : undefined;
}

const character = (code: number): string => String.fromCodePoint(Math.min(code, 0x10ffff));
const bytesOf = (run: string): string => Buffer.from(run.replace(/[^0-9a-f]/gi, ''), 'hex').toString();

function inflated(content: Buffer, beginnings: readonly string[], inflate: (part: Buffer) => Buffer): Buffer {
  const parts: Buffer[] = [];
  for (const beginning of beginnings.map((hex) => Buffer.from(hex, 'hex'))) for (let at = content.indexOf(beginning); at !== -1; at = content.indexOf(beginning, at + 1)) {
    try {
      parts.push(inflate(content.subarray(at)), SEPARATOR);
    } catch {
      // bytes that only look like a beginning
    }
  }
  return Buffer.concat(parts);
}

/** Node refuses a gzip with anything behind it, and a log has something behind it; the raw stream inside ends by itself (RFC 1952). */
function afterGzipHeader(part: Buffer): Buffer {
  const flags = part.readUInt8(3);
  let at = 10;
  if (flags & 4) at += 2 + part.readUInt16LE(at);
  for (const text of [8, 16]) if (flags & text) at = part.indexOf(0, at) + 1;
  return part.subarray(flags & 2 ? at + 2 : at);
}
const zlibOptions = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MOST_INFLATED };

/** Of a mail's header (RFC 2047): words that follow each other are one text, wherever the lines end. */
function encodedWords(text: string): Buffer {
  return Buffer.concat([...text.matchAll(/(?:=\?[\w*-]+\?[bq]\?[^?\s]*\?=\s*)+/gi)].flatMap(([words]) => [
    ...[...words.matchAll(/\?([bq])\?([^?\s]*)\?=/gi) as Iterable<[string, string, string]>].map(([, kind, word]) => (kind.toLowerCase() === 'b' ? Buffer.from(word, 'base64') : Buffer.from(word.replaceAll('_', ' ').replace(/=([0-9a-f]{2})/gi, (_, byte: string) => String.fromCharCode(Number.parseInt(byte, 16))), 'latin1'))), SEPARATOR,
  ]));
}

const disguises: readonly Disguise[] = [
  { encoding: 'base64', reveal: (_, __, text) => runs(text, /[A-Za-z0-9+/]{6,}/g, 4, (run) => Buffer.from(run, 'base64')) },
  { encoding: 'base64url', reveal: (_, __, text) => runs(text, /(?<![A-Za-z0-9_-])(?=[A-Za-z0-9]*[-_])[A-Za-z0-9_-]{6,}/g, 4, (run) => Buffer.from(run, 'base64url')) },
  { encoding: 'base64 in lines', reveal: (_, __, text) => runs(text, /(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{60,}(?:\r?\n[A-Za-z0-9+/]+)+/g, 4, (run) => Buffer.from(run.replace(/\s/g, ''), 'base64')) },
  { encoding: 'hex', reveal: (_, __, text) => runs(text, /[0-9a-fA-F]{8,}/g, 2, (run) => Buffer.from(run, 'hex')) },
  { encoding: 'url', reveal: (_, __, text) => unescaped(text, /(?:%[0-9a-f]{2})+|\+/gi, (run) => (run === '+' ? ' ' : bytesOf(run))) },
  { encoding: 'quoted-printable', reveal: (_, __, text) => unescaped(text, /(?:=[0-9A-F]{2})+|=\r?\n/g, bytesOf) },
  { encoding: 'encoded words', reveal: (_, __, text) => encodedWords(text) },
  { encoding: 'json', reveal: (_, __, text) => unescaped(text, /\\+u([0-9a-f]{4})/gi, (_run, code) => String.fromCharCode(Number.parseInt(code, 16))) },
  { encoding: 'html', reveal: (_, __, text) => unescaped(text, /&#(x?)([0-9a-f]{1,6});/gi, (_run, hex, code) => character(Number.parseInt(code, hex === '' ? 10 : 16))) },
  { encoding: 'escaped bytes', reveal: (_, __, text) => unescaped(text, /(?:\\+x[0-9a-f]{2})+/gi, bytesOf) },
  // bytes that somebody took for text, as a log does
  { encoding: 'latin-1', reveal: (_, __, text) => (/(?:[^\0][\0\x01]){4}/.test(text) ? Buffer.from(text, 'latin1') : undefined) },
  { encoding: 'gzip', reveal: (content) => inflated(content, ['1f8b08'], (part) => inflateRawSync(afterGzipHeader(part), zlibOptions)) },
  { encoding: 'deflate', reveal: (content) => inflated(content, ['7801', '785e', '789c', '78da'], (part) => inflateSync(part, zlibOptions)) },
];
