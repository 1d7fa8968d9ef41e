/**
 * One reference per organisation, aggregate *and purpose*, so that what is told for a return does not join with what is told for a
 * prosecution (privacy design 7, threat 2); a newer one takes its place (`generation`), and one that is over resolves to nothing.
 * Nothing is ever taken back from `reference`: an end is a row of its own.
 *
 * What ends is the name of a case that a consent has introduced. Recalls and deletion confirmations name consents and referrals: they go on.
 */
export const endingReferences = (schema: string, role: string): string => `
alter table reference add purpose text not null default '', add generation integer not null default 1;
alter table reference drop constraint reference_organisation_kind_aggregate_key;
alter table reference add constraint reference_organisation_kind_aggregate_key unique (organisation, kind, aggregate, purpose, generation);
create table reference_end (ref text not null references reference on delete cascade, reason text not null, at timestamptz not null, primary key (ref, reason));
create index reference_end_ref on reference_end (ref, at);
grant select, insert on reference_end to ${role};

-- With the last consent for a purpose goes the name that came with it; in the same transaction as the news of it.
create function end_introduction(recipient text, case_of text, for_purpose text, why text) returns void language sql security definer set search_path = ${schema}, pg_temp as $$
  insert into reference_end (ref, reason, at) select ref, why, now() from reference
  where organisation = recipient and kind = 'cas' and aggregate = case_of and purpose <> '' and (for_purpose is null or purpose = for_purpose) on conflict do nothing $$;
create function consent_over() returns trigger language plpgsql set search_path = ${schema}, pg_temp as $$
begin
  if not exists (select from known_consent k where k.case_ref = new.case_ref and k.purpose = new.purpose and k.recipient = new.recipient and k.consent <> new.consent and k.state in ('given', 'renewed')) then
    perform end_introduction(new.recipient, new.case_ref, new.purpose, 'CONSENT_OVER');
  end if;
  return null;
end $$;
create trigger consent_over after insert or update of state on known_consent for each row when (new.state in ('withdrawn', 'revoked', 'expired') and new.recipient is not null) execute function consent_over();
create function organisation_over() returns trigger language plpgsql security definer set search_path = ${schema}, pg_temp as $$
begin
  insert into reference_end (ref, reason, at) select ref, 'ORGANISATION_OVER', now() from reference where organisation = new.organisation and purpose <> '' on conflict do nothing;
  return null;
end $$;
create trigger organisation_over after insert or update of active on known_organisation for each row when (not new.active) execute function organisation_over();
`;

/** SQL: the reference `ref` of `reference r` resolves no more at the time of this parameter. */
export const isOver = (at: string): string => `exists (select from reference_end e where e.ref = r.ref and e.at <= ${at}::timestamptz)`;

/** How long a reference that was exchanged for a new one still resolves for who holds it. */
export const EXCHANGED_FOR_DAYS = 7;
