/** What the identity provider keeps. No person helped is in here: organisations, their staff's accounts, and sessions that end by themselves. */
export const identitySchema = `
create table if not exists organisation (
  id text primary key, name text not null, type text not null, country text not null, created_at timestamptz not null default clock_timestamp(), disabled_at timestamptz);
alter table organisation add column if not exists sessions_ended_at timestamptz;
create table if not exists account (
  id text primary key, organisation text not null references organisation, name text not null, title text not null, roles text[] not null,
  secret text not null, created_at timestamptz not null default clock_timestamp(), disabled_at timestamptz);
create unique index if not exists account_name on account (lower(name));
create table if not exists oidc_state (
  model text not null, id text not null, payload jsonb not null, grant_id text, uid text, expires_at timestamptz, consumed_at timestamptz, primary key (model, id));
create index if not exists oidc_state_grant on oidc_state (grant_id) where grant_id is not null;
create index if not exists oidc_state_uid on oidc_state (uid) where uid is not null;
create index if not exists oidc_state_expiry on oidc_state (expires_at);
create table if not exists idempotency (
  caller text not null, key text not null, request text not null, status integer not null, body jsonb not null, at timestamptz not null default clock_timestamp(), primary key (caller, key));
create index if not exists idempotency_at on idempotency (at);
`;
