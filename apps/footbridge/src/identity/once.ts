import { Problem, keyMac, requestText, type Principal, type RequestMac } from '@footbridge/service';
import type { Pool, PoolClient } from 'pg';

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** What a repeated request is answered: without the secret, which is shown once and kept only as a hash. Left out: the same. */
  readonly kept?: Readonly<Record<string, unknown>>;
  readonly again?: true;
}

/** A POST in one transaction, done once for its Idempotency-Key as at the services (api.md). */
export async function once(pool: Pool, { subject }: Principal, { path, sent, key, mac }: { readonly path: string; readonly sent: unknown; readonly key?: string | string[] | undefined; readonly mac: RequestMac }, work: (client: PoolClient) => Promise<Answer>): Promise<Answer> {
  if (key !== undefined && (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key))) throw new Problem('validation-failed', { errors: [{ pointer: '/idempotency-key', code: 'header', detail: 'Send 1 to 200 visible ASCII characters in Idempotency-Key.' }] });
  const request = key === undefined ? '' : mac({ caller: subject, key, request: requestText('POST', path, sent) });
  const kept = key === undefined ? '' : keyMac(mac, { caller: subject, key });
  const client = await pool.connect();
  try {
    await client.query('begin');
    const before = key === undefined ? undefined : await answered(client, subject, kept, request);
    const answer = before ?? await work(client);
    if (key !== undefined && !before) await client.query('insert into idempotency (caller, key, request, status, body) values ($1, $2, $3, $4, $5)', [subject, kept, request, answer.status, answer.kept ?? answer.body]);
    await client.query('commit');
    return answer;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally { client.release(); }
}

async function answered(client: PoolClient, caller: string, key: string, request: string): Promise<Answer | undefined> {
  const { rows: [lock] } = await client.query<{ free: boolean }>('select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as free', [`${caller} ${key}`]);
  if (!lock?.free) throw new Problem('idempotency-in-progress');
  const { rows: [before] } = await client.query<{ request: string; status: number; body: Record<string, unknown> }>(`select request, status, body from idempotency where caller = $1 and key = $2`, [caller, key]);
  if (before && before.request !== request) throw new Problem('idempotency-key-reused');
  return before && { status: before.status, body: before.body, again: true };
}
