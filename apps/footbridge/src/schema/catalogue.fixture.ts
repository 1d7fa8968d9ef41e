import type pg from 'pg';

/** Everything that a schema is made of, one line each, so that two of them can be compared. Names of the database play no part. */
export async function catalogue(client: pg.Client, schema: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ line: string }>(`
    with relation as (select c.*, c.oid::regclass::text as called from pg_class c where c.relnamespace = $1::regnamespace and c.relname not in ('migration', 'migration_id_seq', 'migration_pkey'))
    select format('%s %s owner %s security %s %s options %s persistence %s grants %s', relkind, called, relowner::regrole, relrowsecurity, relforcerowsecurity, reloptions, relpersistence, (select array_agg(a::text order by a::text) from unnest(relacl) a)) as line from relation where relkind in ('r', 'p', 'v', 'm', 'S')
    union all select format('column %s.%s %s %s not null %s default %s identity %s generated %s', r.called, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated) from relation r join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum where r.relkind in ('r', 'p', 'v')
    union all select format('constraint %s %s %s', r.called, k.conname, pg_get_constraintdef(k.oid)) from relation r join pg_constraint k on k.conrelid = r.oid
    union all select format('index %s', pg_get_indexdef(i.indexrelid)) from relation r join pg_index i on i.indrelid = r.oid
    union all select format('trigger %s', pg_get_triggerdef(t.oid)) from relation r join pg_trigger t on t.tgrelid = r.oid where not t.tgisinternal
    union all select format('policy %s %s %s %s %s using %s check %s', r.called, p.polname, p.polcmd, p.polpermissive, (select array_agg(coalesce(nullif(o, 0)::regrole::text, 'public') order by 1) from unnest(p.polroles) o), pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) from relation r join pg_policy p on p.polrelid = r.oid
    union all select format('function %s grants %s %s', f.proowner::regrole, (select array_agg(a::text order by a::text) from unnest(f.proacl) a), pg_get_functiondef(f.oid)) from pg_proc f where f.pronamespace = $1::regnamespace and f.prokind = 'f'
    order by 1`, [schema]);
  return rows.map(({ line }) => line);
}
