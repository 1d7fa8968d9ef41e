/**
 * The audit trail as a tree: a leaf for each entry, signed roots, and the roots that other services have told. Append-only, for whoever
 * owns the tables too; a superuser can switch that off, which is what `audit verify` finds. Entries go after six years (DP-20), their hashes stay.
 */
export const auditTree = (schema: string, owner: string, role: string): string => `
create table audit_leaf (index bigint primary key, position bigint not null unique, leaf bytea not null, chain bytea not null);
create table audit_root (
  number integer primary key, size bigint not null, root bytea not null, chain bytea not null, at text not null, previous bytea not null, digest bytea not null unique,
  key text not null, signature text not null, peaks bytea[] not null);
create table known_audit_root (service text not null, number integer not null, digest bytea not null, signature text not null, at text not null, primary key (service, number, digest));
grant select, insert on audit_leaf, audit_root, known_audit_root to ${role};

create policy audit_sequencing on audit for select to ${owner} using (true);
create policy audit_expiring on audit for delete to ${owner} using (at < now() - interval '6 years');

-- In the order of positions, whosever they are; hashes are made of it, and nothing else.
create function audit_waiting(above bigint, up_to bigint, most integer) returns setof json language sql stable security definer set search_path = ${schema}, pg_temp set timezone = 'UTC' as $$
  select row_to_json(a) from audit a where a.position > above and a.position <= up_to order by a.position limit most;
$$;

create function audit_is_kept() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and tg_table_name = 'audit' then
    if old.at < now() - interval '6 years' then return old; end if;
  end if;
  raise exception 'append-only' using errcode = 'insufficient_privilege';
end $$;
${['audit', 'audit_leaf', 'audit_root', 'known_audit_root'].map((table) => `create trigger ${table}_is_kept before update or delete on ${table} for each row execute function audit_is_kept();
create trigger ${table}_is_not_emptied before truncate on ${table} for each statement execute function audit_is_kept();`).join('\n')}

-- What a root has covered for six years is not needed to verify it: the hash is there.
create function expire_audit() returns bigint language sql security definer set search_path = ${schema}, pg_temp as $$
  with gone as (
    delete from audit where at < now() - interval '6 years' and position <= (select l.position from audit_leaf l where l.index = (
      select max(size) - 1 from audit_root r where r.at < to_char((now() - interval '6 years') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')))
    returning 1)
  select count(*) from gone;
$$;
grant execute on function audit_waiting(bigint, bigint, integer), expire_audit() to ${role};
`;
