import { PrivacyRefusal, wrappedVersion, type KeyStore, type Wrapped } from '@footbridge/privacy';

/** One row may be damaged where the key is right: so many are tried. */
const TRIED = 3;
interface Queries { query<R extends object>(text: string, values: unknown[]): Promise<{ readonly rows: R[] }> }

/** What each owner's key (or one owner's) has wrapped, newest first; `schema` where the connection has no service's own. */
export async function wrappedBefore(database: Queries, owner?: string, schema?: string): Promise<ReadonlyMap<string, readonly Wrapped[]>> {
  const { rows } = await database.query<{ owner: string; wrapped: string; aad: string }>(`select owner, wrapped, subject as aad from (select *, row_number() over (partition by owner order by key_version desc nulls last, created_at desc) as n from ${schema === undefined ? '' : `"${schema}".`}subject_key where $1::text is null or owner = $1) k where n <= $2 order by owner, n`, [owner ?? null, TRIED]);
  const found = new Map<string, Wrapped[]>();
  for (const { owner: of, wrapped, aad } of rows) found.set(of, [...found.get(of) ?? [], { wrapped, aad }]);
  return found;
}

export interface KeyTrouble { readonly organisation: string; readonly code: string; /** Of what it does not open. */ readonly version: number | undefined; /** It is the key that it signs with. */ readonly signs?: true }

/** Undefined: the organisation's key opens one of these, or is locked on purpose. */
export async function troubleOf(keyStore: Pick<KeyStore, 'unwrap'>, organisation: string, before: readonly Wrapped[]): Promise<KeyTrouble | undefined> {
  let trouble: KeyTrouble | undefined;
  for (const { wrapped, aad } of before) {
    try { await keyStore.unwrap(organisation, wrapped, aad); return undefined; } catch (error) {
      if (!(error instanceof PrivacyRefusal)) throw error;
      if (error.code === 'KEYS_LOCKED') return undefined;
      trouble ??= { organisation, code: error.code, version: wrappedVersion(wrapped) };
      if (error.code === 'KEY_STORE_UNAVAILABLE') return trouble;
    }
  }
  return trouble;
}

/** What an operator does about it, for each code (docs/operating.md says the same). */
const remedies: Readonly<Record<string, string>> = {
  KEY_UNKNOWN: 'is missing, and what it wrapped is there: put it back from the file of keys of the newest backup',
  UNWRAP_FAILED: 'is not the key that wrapped what is there: put the right one back from the file of keys of the newest backup, and keep this one until everything opens',
  KEY_FILE_DAMAGED: 'is damaged: put it back from the file of keys of the newest backup',
  KEY_FILE_EXPOSED: 'can be read by others: chmod 600; if somebody can have read it, the organisation changes its key (keys rotate, then keys destroy)',
  KEY_STORE_UNAVAILABLE: 'cannot be read: look at the disk, and at Vault where KEY_STORE=vault; it is tried again',
};
/** Said to an operator: which file, where it is one, and what to do. Nothing is lost by it, and nobody else waits for it. */
export const fileSaid = (path: string, code: string): string => `${path} ${remedies[code] ?? `does not serve (${code}): put it back from the file of keys of the newest backup`}.`;
export const keyFileOf = ({ organisation, version = 1, signs }: KeyTrouble): string => `${organisation}${version === 1 ? '' : `.${version}`}.${signs ? 'signing' : 'keys'}.json`;
export const troubleSaid = (trouble: KeyTrouble, folder: string | undefined): string => (trouble.signs ? signerSaid : wrapperSaid)(trouble, folder);
/** Which key of how many is lost, nobody can tell: all that the backup has of the signer go back. */
const signerSaid = ({ organisation, code }: KeyTrouble, folder: string | undefined): string => {
  const whose = folder === undefined ? `The key that ${organisation} signs with` : `${folder}/${organisation}*.signing.json, the key that ${organisation} signs with,`;
  const said = code === 'KEY_UNKNOWN' ? `${whose} is missing, and what it signed is there: put it back from the file of keys of the newest backup. Is there none, ${organisation.startsWith('org_') ? 'two persons of the organisation change its keys (keys rotate)' : `make another (keys sign-anew ${organisation.replace(/^service-/, '')})`}; what the lost one signed counts no more.` : fileSaid(whose, code);
  return `${said} Until then nothing is signed for ${organisation}; all others go on.`;
};
const wrapperSaid = (trouble: KeyTrouble, folder: string | undefined): string =>
  `${fileSaid(folder === undefined ? `The key of ${trouble.organisation}` : `${folder}/${keyFileOf(trouble)}`, trouble.code)} Until then nothing of ${trouble.organisation} is opened or sealed; all others go on.`;
