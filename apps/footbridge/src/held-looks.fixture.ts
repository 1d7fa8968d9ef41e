import { connect } from 'node:net';
import type { Service } from '@footbridge/contracts';
import { waitUntil } from '@footbridge/testing';
import pg from 'pg';

/** Any number that no lock of the services has as its first half. */
const LOCK = 36;
const places = { atEntry: 1, afterEntry: 2 };
const LOOKS = "'reveal', 'collect'";

/** Whose looks are held: while the entry is being written; or when it is committed, at the first time that it is read again. */
export interface HeldLooks { readonly atEntry: string; readonly afterEntry: string }

/** Holds looks at people in the middle, from outside: in the database, where a trigger and a policy wait for locks that this session has. What is tested knows nothing of it. */
export class LookHolder {
  private constructor(private readonly database: pg.Client) {}

  static async begin(databaseUrl: string, service: Service, { atEntry, afterEntry }: HeldLooks): Promise<LookHolder> {
    const database = new pg.Client({ connectionString: databaseUrl });
    await database.connect();
    const isLookOf = (account: string, entry = ''): string => `${entry}account = ${database.escapeLiteral(account)} and ${entry}command in (${LOOKS})`;
    // Dear, so that it is asked last: of the rows that a query wants, and of no others.
    const waits = (name: string, returns: string, lock: number, answer: string): string => `create function ${name}() returns ${returns} language plpgsql security definer cost 100000 as $$ begin perform pg_advisory_xact_lock_shared(${LOCK}, ${lock}); return ${answer}; end $$;`;
    await database.query(`set search_path = ${service}; select pg_advisory_lock(${LOCK}, ${places.atEntry}), pg_advisory_lock(${LOCK}, ${places.afterEntry});
      ${waits('held_at_entry', 'trigger', places.atEntry, 'new')} create trigger held_at_entry before insert on audit for each row when (${isLookOf(atEntry, 'new.')}) execute function held_at_entry();
      ${waits('held_after_entry', 'boolean', places.afterEntry, 'true')} create policy held_after_entry on audit as restrictive for select to ${service}_app using (not (${isLookOf(afterEntry)}) or held_after_entry())`);
    return new LookHolder(database);
  }

  /** Somebody waits there. */
  async reached(place: keyof HeldLooks): Promise<void> {
    await waitUntil(`a look is held ${place}`, async () => (await this.database.query("select from pg_locks where locktype = 'advisory' and classid = $1 and objid = $2 and not granted and database = (select oid from pg_database where datname = current_database())", [LOCK, places[place]])).rowCount !== 0);
  }

  /**
   * Whoever asked is dead: what was being written for it is undone, as the server does where it sees that nobody is there any more. Gives the looks
   * that are on record, by account, as this session has found them; nothing is held from now on.
   */
  async end(): Promise<readonly string[]> {
    await this.database.query(`select pg_terminate_backend(pid, 5000) from pg_locks where locktype = 'advisory' and classid = ${LOCK} and objid = ${places.atEntry} and not granted`);
    const { rows } = await this.database.query<{ look: string }>(`select account || ' ' || command as look from audit where command in (${LOOKS}) order by position`);
    await this.database.query('select pg_advisory_unlock_all(); drop policy held_after_entry on audit; drop trigger held_at_entry on audit; drop function held_after_entry, held_at_entry');
    await this.database.end();
    return rows.map(({ look }) => look);
  }
}

/** A request of its own connection, and every byte that came back until that ended. */
export async function bytesOf(port: number, path: string, token: string): Promise<string> {
  return await new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => { socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`); });
    socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => undefined).once('close', () => { resolve(Buffer.concat(chunks).toString()); });
  });
}
