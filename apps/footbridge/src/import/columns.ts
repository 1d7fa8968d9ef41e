import { INSTANCE } from './client.js';
import type { ColumnRule, TakenColumn } from './column-rule.js';
import { ctdc } from './ctdc.js';
import { isFieldName } from './field.js';
import { htcdsColumns } from './htcds.js';
import type { Mapping } from './mapping.js';

/** Columns that Footbridge itself writes beside the fields: the reference of an exported case, the reasons of a report. */
export const REASON = 'reason';
export const SECOND_REASON = 'footbridge_reason';
const ours: ReadonlyMap<string, ColumnRule> = new Map<string, ColumnRule>([
  ['case', { leftOut: 'an import opens a new case, which gets its own reference' }],
  ['state', { field: 'state' }],
  [INSTANCE, { leftOut: 'tells which kind of instance wrote the file' }],
  [REASON, { leftOut: 'tells why a row was refused before' }],
  [SECOND_REASON, { leftOut: 'tells why a row was refused before' }],
]);

const lower = (names: ReadonlyMap<string, ColumnRule>): ReadonlyMap<string, ColumnRule> => new Map([...names].map(([name, rule]) => [name.toLowerCase(), rule]));
const known = [lower(ours), lower(htcdsColumns), lower(ctdc)];

export type ResolvedColumn = { readonly rule: ColumnRule; readonly own: boolean };

/** What each column of a file is: first the mapping file's word, then the names that are known: Footbridge's, HTCDS 2.0, CTDC. */
export class Columns {
  private readonly mapped: ReadonlyMap<string, ColumnRule>;
  private readonly cache = new Map<string, ColumnRule | undefined>();

  constructor(readonly mapping: Mapping) {
    this.mapped = new Map([...mapping.columns].map(([name, rule]) => [plain(name), rule]));
  }

  /** `undefined`: nobody knows this column. */
  rule(name: string): ColumnRule | undefined {
    if (!this.cache.has(name)) this.cache.set(name, this.resolve(plain(name), name));
    return this.cache.get(name);
  }

  private resolve(key: string, name: string): ColumnRule | undefined {
    const mapped = this.mapped.get(key);
    if (mapped) return mapped;
    const trimmed = name.trim();
    if (isFieldName(trimmed)) return { field: trimmed };
    for (const names of known) {
      const rule = names.get(key);
      if (rule) return rule;
    }
    return undefined;
  }

  taken(name: string): TakenColumn | undefined {
    const rule = this.rule(name);
    return rule && 'field' in rule ? rule : undefined;
  }

  /** Columns that the mapping file names and the file has not. */
  absent(names: Iterable<string>): string[] {
    const present = new Set([...names].map(plain));
    return [...this.mapping.columns.keys()].filter((name) => !present.has(plain(name)));
  }
}

/** How names are compared: people do not see case, width of spaces or composed letters. */
export const plain = (name: string): string => name.trim().normalize('NFKC').replace(/\s+/g, ' ').toLowerCase();
