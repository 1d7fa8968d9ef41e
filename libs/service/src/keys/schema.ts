/**
 * What every service keeps of the keys of organisations: which version a case's key is wrapped with, what was asked for and done,
 * panic locks, receipts of erasures. No row says anything of a person, and none is of one organisation's case alone but the receipt.
 */
export const keysSchema = (schema: string): string => `
alter table subject_key add key_version integer generated always as (substring(wrapped from '^(?:file1[.]|vault:v)([0-9]{1,6})[.:]')::integer) stored;
create index subject_key_version on subject_key (owner, key_version);
create table organisation_key (organisation text primary key, wanted integer not null default 0, least integer not null default 0, rewrapped integer not null default 0, destroyed integer not null default 0);
create table key_lock (panic_lock uuid primary key, organisation text not null, locked boolean not null, version integer not null, applied boolean not null default false);
create table erasure_receipt (case_ref text primary key, owner text not null, case_of_owner text, erased_at timestamptz not null, receipt jsonb);
create index erasure_receipt_owner on erasure_receipt (owner, erased_at desc);
create index erasure_receipt_unsigned on erasure_receipt (case_ref) where receipt is null;
grant select, insert, update on organisation_key, key_lock to ${schema}_app;
grant select, insert, update (receipt) on erasure_receipt to ${schema}_app;

-- Who wrapped with the key before and commits after the service has given its word is told to do it again (40001), with the key as it is now.
create function key_is_new_enough() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('keys ' || tg_table_schema || ' ' || new.owner, 0));
  if coalesce(new.key_version, 0) < (select rewrapped from organisation_key where organisation = new.owner) then raise exception 'old key' using errcode = '40001'; end if;
  return null;
end $$;
create trigger key_is_new_enough after insert or update of wrapped on subject_key for each row execute function key_is_new_enough();
-- Destroys what is here of a case's keys and writes it down under the name that its owner has for it; the receipt is signed afterwards, so that no erasure waits for a signature.
create function shred(erased_case text, erased_owner text, erased_aggregate text, at timestamptz) returns void language plpgsql as $$
begin
  delete from subject_key where subject = erased_case;
  insert into erasure_receipt (case_ref, owner, case_of_owner, erased_at)
    values (erased_case, erased_owner, (select ref from reference where organisation = erased_owner and kind = 'cas' and aggregate in (erased_case, erased_aggregate) limit 1), at) on conflict do nothing;
end $$;
-- An erased case gets no key again, whoever asks for it.
create function is_not_erased() returns trigger language plpgsql as $$
begin
  if exists (select 1 from erasure_receipt where case_ref = new.subject) then raise exception 'erased' using errcode = '23514', constraint = 'erased__case_erased'; end if;
  return new;
end $$;
create trigger is_not_erased before insert on subject_key for each row execute function is_not_erased();
`;
