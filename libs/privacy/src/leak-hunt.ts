import { constants, gunzipSync, inflateSync } from 'node:zlib';
import type { Canary } from './canary-person.js';
import { fold } from './fold.js';

/** A place where nothing about a person may be: a topic, a log, a table, a mail. */
export interface Sink { readonly name: string; readonly content: Buffer | string }

/** Which value of whom is where, and in which disguise. The value itself is not repeated. */
export interface Leak { readonly sink: string; readonly canary: string; readonly field: string; readonly encoding: string }

interface Wanted { readonly canary: string; readonly field: string; readonly plain: Buffer; readonly folded: string; readonly wide: readonly (readonly [string, Buffer])[] }
interface Disguise { readonly encoding: string; readonly reveal: (content: Buffer, text: string) => Buffer | undefined }

const DEEPEST = 4;
const SHORTEST = 4;
const MOST_INFLATED = 64 * 1024 * 1024;

/**
 * Searches sinks for invented people: each value plain, without case and diacritics, as base64 (also inside a longer
 * one, in whatever position), base64url, hex, URL, JSON escapes, UTF-16 of both orders, gzip and deflate; and each of
 * these inside another, up to four deep.
 */
export function huntLeaks(sinks: readonly Sink[], canaries: readonly Canary[]): Leak[] {
  const wanted = canaries.flatMap((canary) => Object.entries(canary.values).map(([field, value]) => wantedOf(canary.name, field, value)));
  const leaks = new Map<string, Leak>();
  for (const sink of sinks) {
    const content = typeof sink.content === 'string' ? Buffer.from(sink.content, 'utf8') : sink.content;
    search(content, [], (found, encoding) => {
      const leak = { sink: sink.name, canary: found.canary, field: found.field, encoding };
      leaks.set(JSON.stringify(leak), leak);
    }, wanted);
  }
  return [...leaks.values()];
}

function wantedOf(canary: string, field: string, value: string): Wanted {
  const folded = fold(value);
  if ([...folded].length < SHORTEST) throw new RangeError(`${canary}, ${field}: too short to be told from chance.`);
  const forms = new Set([value, value.toLowerCase(), value.toUpperCase(), folded, value.normalize('NFD')]);
  const wide = [...forms].flatMap((form) => {
    const little = Buffer.from(form, 'utf16le');
    return [['utf-16le', little], ['utf-16be', Buffer.from(little).swap16()]] as const;
  });
  return { canary, field, plain: Buffer.from(value, 'utf8'), folded, wide };
}

function search(content: Buffer, path: readonly string[], report: (found: Wanted, encoding: string) => void, wanted: readonly Wanted[]): void {
  const named = (encoding: string): string => [...path, encoding].join(' > ');
  const text = content.toString('utf8');
  const folded = fold(text);
  const folded1 = text.includes('\ufffd') ? fold(content.toString('latin1')) : undefined;
  for (const one of wanted) {
    if (content.includes(one.plain)) report(one, named('plain'));
    else if (folded.includes(one.folded)) report(one, named('folded'));
    else if (folded1?.includes(one.folded)) report(one, named('latin-1'));
    for (const [encoding, form] of one.wide) if (content.includes(form)) report(one, named(encoding));
  }
  if (path.length === DEEPEST) return;
  for (const { encoding, reveal } of disguises) {
    const inside = reveal(content, text);
    if (inside && inside.length >= SHORTEST) search(inside, [...path, encoding], report, wanted);
  }
}

/** Runs of an encoding's alphabet, each decoded from every position at which a unit of it could begin. */
function runs(text: string, run: RegExp, unit: number, decode: (run: string) => Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (const [found] of text.matchAll(run)) for (let start = 0; start < unit; start += 1) parts.push(decode(found.slice(start)), SEPARATOR);
  return parts.length > 0 ? Buffer.concat(parts) : undefined;
}
const SEPARATOR = Buffer.from('\n\n');

function unescaped(text: string, escape: RegExp, mean: (...groups: string[]) => string): Buffer | undefined {
  let any = false;
  const plain = text.replace(escape, (...groups: string[]) => {
    any = true;
    return mean(...groups);
  });
  return any ? Buffer.from(plain, 'utf8') : undefined;
}

const character = (run: string, code: number): string => (code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : run);
const bytesOf = (run: string): string => Buffer.from(run.replace(/[^0-9a-f]/gi, ''), 'hex').toString('utf8');

function inflated(content: Buffer, beginnings: readonly string[], inflate: (part: Buffer) => Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (const beginning of beginnings.map((hex) => Buffer.from(hex, 'hex'))) for (let at = content.indexOf(beginning); at !== -1; at = content.indexOf(beginning, at + 1)) {
    try {
      parts.push(inflate(content.subarray(at)), SEPARATOR);
    } catch {
      // bytes that only look like a beginning
    }
  }
  return parts.length > 0 ? Buffer.concat(parts) : undefined;
}
const zlibOptions = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MOST_INFLATED };

const disguises: readonly Disguise[] = [
  { encoding: 'base64', reveal: (_, text) => runs(text, /[A-Za-z0-9+/]{6,}/g, 4, (run) => Buffer.from(run, 'base64')) },
  { encoding: 'base64url', reveal: (_, text) => (/[-_]/.test(text) ? runs(text, /(?=[A-Za-z0-9]*[-_])[A-Za-z0-9_-]{6,}/g, 4, (run) => Buffer.from(run, 'base64url')) : undefined) },
  { encoding: 'base64 in lines', reveal: (_, text) => (/[A-Za-z0-9+/]{60,}\r?\n[A-Za-z0-9+/]/.test(text) ? runs(text, /[A-Za-z0-9+/]{60,}(?:\r?\n[A-Za-z0-9+/]+)+/g, 4, (run) => Buffer.from(run.replace(/\s/g, ''), 'base64')) : undefined) },
  { encoding: 'hex', reveal: (_, text) => runs(text, /[0-9a-fA-F]{8,}/g, 2, (run) => Buffer.from(run.slice(0, run.length & ~1), 'hex')) },
  { encoding: 'url', reveal: (_, text) => unescaped(text, /(?:%[0-9a-f]{2})+|(?<=\w)\+(?=\w)/gi, (run) => (run === '+' ? ' ' : bytesOf(run))) },
  { encoding: 'json', reveal: (_, text) => unescaped(text, /\\u([0-9a-f]{4})/gi, (_run, code = '') => String.fromCharCode(Number.parseInt(code, 16))) },
  { encoding: 'html', reveal: (_, text) => unescaped(text, /&#(x?)([0-9a-f]{1,6});/gi, (run, hex = '', code = '') => character(run, Number.parseInt(code, hex === '' ? 10 : 16))) },
  { encoding: 'escaped bytes', reveal: (_, text) => unescaped(text, /(?:\\x[0-9a-f]{2})+/gi, (run) => bytesOf(run.replaceAll('\\x', ''))) },
  { encoding: 'gzip', reveal: (content) => inflated(content, ['1f8b08'], (part) => gunzipSync(part, zlibOptions)) },
  { encoding: 'deflate', reveal: (content) => inflated(content, ['7801', '785e', '789c', '78da'], (part) => inflateSync(part, zlibOptions)) },
];
