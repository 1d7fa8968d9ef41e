import { roles, type Role } from '@footbridge/contracts';

/** Roles that no account has: PERSON and GUARDIAN act through a worker (decisions 4), PLATFORM is the instance itself. */
const neverSignedIn: readonly Role[] = ['PERSON', 'GUARDIAN', 'PLATFORM'];

/** Roles that an account may be given. */
export const accountRoles: readonly Role[] = roles.filter((role) => !neverSignedIn.includes(role));

const known = new Map<unknown, Role>(accountRoles.map((role) => [role, role]));

/** The roles of a token that mean something here. What is not known gives nothing: a token can only narrow. */
export const tokenRoles = (claim: readonly unknown[]): readonly Role[] =>
  [...new Set(claim.flatMap((role) => { const found = known.get(role); return found ? [found] : []; }))];
