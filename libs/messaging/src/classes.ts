import type { DataClass } from '@footbridge/privacy';
import { attributeColumns } from './event.js';

type Columns = Readonly<Partial<Record<DataClass, string>>>;
const attributes = attributeColumns.join(' ');

/** The classes of the tables that every service's schema has for messaging (schema.ts): references, codes and bodies of wire types. */
export const messagingTables: Readonly<Record<string, Columns>> = {
  outbox: { operational: `position ${attributes} data created_at held` },
  inbox: { operational: 'handler event_id at' },
  parked: { operational: `id position handler state reason attempts at ${attributes.replace(/\bid\b/, 'event_id')} data topic partition place` },
  watermark: { operational: 'service partition at' },
};
/** Those of the Postgres transport (postgres.ts). */
export const busTables: Readonly<Record<string, Columns>> = {
  partition: { operational: 'topic partition last' },
  event: { operational: 'topic partition offset key headers body passing at' },
  place: { operational: 'group topic partition next' },
};
