/**
 * A panic lock ends the sessions of its organisation: whoever signed in before this service heard of it signs in again (T39). The wall clock of
 * the database, as tokens are of the wall clock (decisions 27); an unlock brings no old session back.
 */
export const sessionsEnd = (): string => `
alter table key_lock add sessions_ended_at timestamptz not null default clock_timestamp();
`;
