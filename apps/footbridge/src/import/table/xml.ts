import type { Readable } from 'node:stream';
import { SaxesParser } from 'saxes';
import { Refusal } from '../../refusal.js';
import { LARGEST_ROW } from './table.js';

export interface XmlHandlers {
  open?(name: string, attributes: Readonly<Record<string, string>>): void;
  text?(text: string): void;
  close?(name: string): void;
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1);

/** Reads XML piece by piece and yields after each piece. Names come without their prefix, since programs choose it as they like. */
export async function* readXml(bytes: Readable, on: XmlHandlers): AsyncGenerator<void> {
  const parser = new SaxesParser();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let quiet = 0;
  let failure: unknown;
  parser.on('error', () => { failure ??= damaged(); });
  parser.on('opentag', ({ name, attributes }) => {
    quiet = 0;
    on.open?.(local(name), Object.fromEntries(Object.entries(attributes).map(([key, value]) => [local(key), value])));
  });
  parser.on('text', (text) => on.text?.(text));
  parser.on('cdata', (text) => on.text?.(text));
  parser.on('closetag', ({ name }) => {
    quiet = 0;
    on.close?.(local(name));
  });
  try {
    for await (const chunk of bytes) {
      const text = decoder.decode(chunk, { stream: true });
      quiet += text.length;
      parser.write(text);
      if (failure) throw failure;
      if (quiet > 2 * LARGEST_ROW) throw new Refusal('A cell of the spreadsheet is larger than 1 MB. Nothing was sent.');
      yield;
    }
    parser.close();
  } catch (error) {
    throw error instanceof Refusal ? error : damaged();
  }
  if (failure) throw failure;
  yield;
}

export const damaged = (): Refusal => new Refusal('The file is no spreadsheet (.xlsx), or it is damaged. If it opens, save it again as .xlsx or as CSV.');
