/** Which cases nothing more may be disclosed of (DP-13), one row for each request that asked for it. For a migration of every service. */
export const restriction = (schema: string): string => `
create table known_restriction (request uuid primary key, case_ref text not null, restricted boolean not null, version integer not null);
create index known_restriction_case on known_restriction (case_ref) where restricted;
grant select, insert, update on known_restriction to ${schema}_app;
`;
