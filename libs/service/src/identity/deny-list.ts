/** What is known of an account and its organisation at this moment. `blind`: not known to be disabled, but news may be missing. */
export type Standing = 'good' | 'disabled' | 'blind';

/**
 * Disabled accounts and organisations (decisions 7): a service keeps them by the instance's events and is asked at every
 * request, since a token lives longer than a decision to stop it.
 */
export interface DenyList {
  standing(subject: string, organisation: string): Standing | Promise<Standing>;
}
