import { Client } from 'pg';

/** What can keep an audit entry from being written. */
export const auditFaults = ['the disk is full', 'the database is read-only', 'the commit fails', 'the server ends'] as const;
export type AuditFault = (typeof auditFaults)[number];

const says: Readonly<Record<AuditFault, string>> = {
  'the disk is full': "raise exception 'no space left on device' using errcode = 'disk_full'",
  'the database is read-only': "raise exception 'cannot execute in a read-only transaction' using errcode = 'read_only_sql_transaction'",
  'the commit fails': "raise exception 'could not commit' using errcode = 'io_error'",
  'the server ends': 'perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5)',
};

/** Does the work while no entry can be written into a service's audit. */
export async function withAuditFault<T>(databaseUrl: string, service: string, fault: AuditFault, work: () => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const isLate = fault === 'the commit fails';
  try {
    await client.query(`set search_path = ${service};
      create function audit_fault() returns trigger language plpgsql security definer as $$ begin ${says[fault]}; return new; end $$;
      create ${isLate ? 'constraint trigger' : 'trigger'} audit_fault ${isLate ? 'after' : 'before'} insert on audit ${isLate ? 'deferrable initially deferred' : ''} for each row execute function audit_fault()`);
    try { return await work(); } finally { await client.query('drop trigger audit_fault on audit; drop function audit_fault()'); }
  } finally { await client.end(); }
}
