/**
 * What is known of an account and its organisation at this moment. `ended`: whoever signs in again is let in, who did so before is not
 * (a panic lock, T39). `blind`: nothing is known against it, but news may be missing.
 */
export type Standing = 'good' | 'disabled' | 'ended' | 'blind';

/**
 * Disabled accounts and organisations (decisions 7): a service keeps them by the instance's events and is asked at every
 * request, since a token lives longer than a decision to stop it.
 */
export interface DenyList {
  /** `since`: when the account showed who it is, in seconds since 1970. */
  standing(subject: string, organisation: string, since: number): Standing | Promise<Standing>;
}
