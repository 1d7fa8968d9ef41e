import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import pg from 'pg';

/** A statement with a name of its own: made a function of a session the first time that the session meets it, so that it is planned once. */
export interface Body { readonly name: string; readonly text: string; readonly takes: string; readonly returns: string }

/** `text` is plpgsql; `$1` is the organisation, `$2` whatever else it `takes`, as Postgres reads it from text. */
export function body(kind: string, takes: string, returns: string, text: string): Body {
  return { name: `${kind}_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`, takes, returns, text };
}

interface Line { readonly client: Promise<pg.Client>; /** What each body has become here: nothing, or why it could not be made. */ readonly compiled: Map<string, Promise<unknown>>; waiting: number; isLost: boolean; isGathering: boolean }

/** How long one full disk is believed to be still full: whatever is written next says it again. */
const FULL_MS = 15_000;
/** SQLSTATE 53100, or the operating system's own word. */
export const isDiskFull = (error: unknown): boolean => ['53100', 'ENOSPC'].includes(String((error as { readonly code?: unknown } | undefined)?.code));

/** A session that has met so many bodies makes room for a new one. */
const WORN = 1_000;

/**
 * A few connections on which work follows work without waiting for the answer before. Each piece is a transaction of its own
 * that sets its organisation for itself alone, so nothing of it is left for the next.
 */
export class Sessions {
  readonly #lines: Line[] = [];
  constructor(private readonly options: pg.ClientConfig, private readonly size: number, private readonly lost: () => void) {}

  #fullAt = Number.NEGATIVE_INFINITY;
  /** The database found its disk full a moment ago. */
  get diskIsFull(): boolean { return performance.now() - this.#fullAt < FULL_MS; }

  /** Runs a body as an organisation, in one round trip. @throws the database's error, or that of a connection that is gone */
  async run<R>(work: Body, organisation: string, values: string): Promise<R[]> {
    const line = this.#line();
    line.waiting += 1;
    let made: Promise<unknown> | undefined;
    try {
      const client = await line.client;
      gather(line, client);
      made = line.compiled.get(work.name);
      if (!made) {
        made = client.query(`create or replace function pg_temp.${work.name}(text, ${work.takes}) ${work.returns} language plpgsql as $session$\n#variable_conflict use_column\ndeclare changed bigint; begin perform set_config('app.org', $1, true); ${work.text} end $session$`)
          .then(() => undefined, (error: unknown) => { line.compiled.delete(work.name); return error; });
        line.compiled.set(work.name, made);
      }
      return await ask<R>(client, work.name, `select ${work.returns === 'returns void' ? '' : '* from '}pg_temp.${work.name}($1, $2)`, [organisation, values]);
    } catch (refused) {
      // One that could not be made is not there: why it could not (a full disk) is the reason, not that it is missing.
      const error = await made ?? refused;
      if (isDiskFull(error)) this.#fullAt = performance.now();
      // Where it was asked for, and not where the answer was read.
      Error.captureStackTrace(error as Error);
      throw error;
    } finally {
      line.waiting -= 1;
      if (line.compiled.size > WORN) this.#retire(line);
      if (line.waiting === 0 && !this.#lines.includes(line)) void line.client.then((client) => client.end()).catch(() => undefined);
    }
  }

  /** The one with the least to do; a lost one is replaced. */
  #line(): Line {
    for (const line of this.#lines.filter((l) => l.isLost)) this.#retire(line);
    while (this.#lines.length < this.size) this.#lines.push(this.#connect());
    return this.#lines.reduce((a, b) => (b.waiting < a.waiting ? b : a));
  }

  #connect(): Line {
    const client = new pg.Client({ ...this.options, pipeline: true } as pg.ClientConfig);
    const lose = (): void => { if (!line.isLost) { line.isLost = true; this.lost(); } };
    client.on('error', lose);
    client.on('end', lose);
    const line: Line = { client: client.connect().then(() => client), compiled: new Map(), waiting: 0, isLost: false, isGathering: false };
    line.client.catch(lose);
    return line;
  }

  #retire(line: Line): void {
    const at = this.#lines.indexOf(line);
    if (at >= 0) this.#lines.splice(at, 1);
  }

  async close(): Promise<void> {
    const lines = this.#lines.splice(0);
    await Promise.all(lines.map(async (line) => { line.isLost = true; await line.client.then((client) => client.end(), () => undefined); }));
  }
}

/** A query that is given as an object is copied member by member, descriptors and all, at each call; one that is built from text is not. */
const ask = <R>(client: pg.Client, name: string, text: string, values: readonly string[]): Promise<R[]> => new Promise((resolve, reject) => {
  const query = new pg.Query(text, values as string[]);
  client.query(Object.assign(query, { name, callback: (error: Error | null, result: pg.QueryResult) => { if (error) reject(error); else resolve(result.rows as R[]); } }));
});

/** What is asked for in one turn of the loop goes out in one write: a write wakes the other side up, and that is dear. */
function gather(line: Line, client: pg.Client): void {
  if (line.isGathering) return;
  line.isGathering = true;
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Socket } }).connection;
  stream.cork();
  setImmediate(() => { line.isGathering = false; stream.uncork(); });
}
