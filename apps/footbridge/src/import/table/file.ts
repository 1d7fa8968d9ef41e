import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import iconv from 'iconv-lite';
import { isMissing, Refusal } from '../../refusal.js';

/** What one pass over the bytes tells. */
export interface LookedAt {
  readonly path: string;
  readonly size: number;
  readonly modified: number;
  readonly sha256: string;
  /** `zip` may be a spreadsheet; all else is text in this encoding. */
  readonly content: 'zip' | { readonly encoding: string; readonly guessed: boolean };
}

const startsWith = (bytes: Buffer, ...magic: number[]): boolean => magic.every((byte, i) => bytes[i] === byte);

/** Hashes the file and finds its encoding: by its mark, or because all of it is valid UTF-8, or else as well as bytes can tell. */
export async function lookAt(path: string, encoding: string | undefined): Promise<LookedAt> {
  if (encoding !== undefined && !iconv.encodingExists(encoding)) throw new Refusal(`The encoding ${JSON.stringify(encoding)} is not known. Examples: utf-8, utf-16le, windows-1252, windows-1250, windows-1251, windows-1256.`);
  const found = await stat(path).catch((error: unknown) => { throw new Refusal(`The file ${path} ${isMissing(error) ? 'does not exist' : 'cannot be read'}.`); });
  if (!found.isFile()) throw new Refusal(`${path} is no file.`);
  if (found.size === 0) throw new Refusal(`The file ${path} is empty.`);
  const start = await firstBytes(path);
  const tally = new Tally(start);
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 262_144 })) {
      const bytes: Buffer = chunk;
      hash.update(bytes);
      tally.add(bytes);
    }
  } catch {
    throw new Refusal(`The file ${path} cannot be read.`);
  }
  return { path, size: found.size, modified: found.mtimeMs, sha256: hash.digest('hex'), content: contentOf(path, start, tally, encoding) };
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path).catch(() => { throw new Refusal(`The file ${path} cannot be read.`); });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8192), 0, 8192, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function contentOf(path: string, start: Buffer, tally: Tally, named: string | undefined): LookedAt['content'] {
  if (startsWith(start, 0x50, 0x4b, 0x03, 0x04) || startsWith(start, 0x50, 0x4b, 0x05, 0x06)) return 'zip';
  if (startsWith(start, 0xd0, 0xcf, 0x11, 0xe0)) throw new Refusal(`The file ${path} is an old Excel file (.xls) or has a password. Open it and save it as .xlsx without a password.`);
  const marked = markOf(start);
  if (marked !== undefined) return { encoding: marked, guessed: false };
  if (named !== undefined) return { encoding: named, guessed: false };
  const sixteen = tally.sixteenBit();
  if (sixteen !== undefined) return { encoding: sixteen, guessed: true };
  if (tally.isBinary()) throw new Refusal(`The file ${path} is no table: it is neither text nor a spreadsheet (.xlsx).`);
  if (tally.isUtf8()) return { encoding: 'utf8', guessed: false };
  if (tally.couldBeWindows1252()) return { encoding: 'windows-1252', guessed: true };
  throw new Refusal(`The encoding of ${path} cannot be told: it is not UTF-8, and it does not look like Windows-1252. Save it as UTF-8, or name the encoding, for example --encoding windows-1251.`);
}

function markOf(start: Buffer): string | undefined {
  if (startsWith(start, 0xef, 0xbb, 0xbf)) return 'utf8';
  if (startsWith(start, 0xff, 0xfe)) return 'utf-16le';
  return startsWith(start, 0xfe, 0xff) ? 'utf-16be' : undefined;
}

/** Counts what tells encodings apart. */
class Tally {
  private zeros = 0;
  private controls = 0;
  private size = 0;
  private readonly utf8 = new TextDecoder('utf-8', { fatal: true });
  private validUtf8 = true;
  private high = 0;
  private letters = 0;
  private undefinedIn1252 = 0;

  constructor(private readonly start: Buffer) {}

  add(bytes: Buffer): void {
    if (this.validUtf8) {
      try { this.utf8.decode(bytes, { stream: true }); } catch { this.validUtf8 = false; }
    }
    this.size += bytes.length;
    for (const byte of bytes) {
      if (byte === 0) this.zeros++;
      else if (byte < 0x20) { if (byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) this.controls++; }
      else if (byte >= 0xc0) this.high++;
      else if ((byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)) this.letters++;
      else if (byte === 0x81 || byte === 0x8d || byte === 0x8f || byte === 0x90 || byte === 0x9d) this.undefinedIn1252++;
    }
  }

  /** Text has no zero bytes, and hardly a control character: a stray one refuses its row only. */
  isBinary(): boolean { return this.zeros > 0 || this.controls > this.size / 100 + 1; }

  isUtf8(): boolean {
    if (!this.validUtf8) return false;
    try { this.utf8.decode(); return true; } catch { return false; }
  }

  /**
   * UTF-16 without a mark: in the separators, line ends and Latin letters that every table has, one of the two bytes is zero. Binary
   * files have zeros too, but not all on the same side.
   */
  sixteenBit(): 'utf-16le' | 'utf-16be' | undefined {
    const zeros = [0, 0];
    for (const [i, byte] of this.start.entries()) if (byte === 0) zeros[i % 2] = (zeros[i % 2] ?? 0) + 1;
    const [even = 0, odd = 0] = zeros;
    const many = this.start.length / 10;
    if (odd > many && even === 0) return 'utf-16le';
    return even > many && odd === 0 ? 'utf-16be' : undefined;
  }

  /** Languages written in Windows-1252 use few letters beyond a to z. Cyrillic, Greek or Arabic in a code page of their own use little else. */
  couldBeWindows1252(): boolean {
    return this.undefinedIn1252 === 0 && this.high <= (this.high + this.letters) * 0.25;
  }
}

/** The file's text, piece by piece, without its byte-order mark. */
export async function* decoded(path: string, encoding: string): AsyncGenerator<string> {
  const decoder = iconv.getDecoder(encoding);
  for await (const chunk of createReadStream(path, { highWaterMark: 65_536 })) {
    const text = decoder.write(chunk);
    if (text !== '') yield text;
  }
  const rest = decoder.end();
  if (rest) yield rest;
}
