import { PrivacyRefusal, auditSigner, type Signature, type SigningKeys, type VerifyingKey } from '@footbridge/privacy';
import { isForOperator } from './problem.js';
import type { KeyTrouble } from './probe.js';

interface Queries { query(text: string, values: unknown[]): Promise<{ readonly rows: readonly object[] }> }

/** Signed and thrown away; nothing that is verified begins so. */
const PROBE = Buffer.from('footbridge-probe-1', 'utf8');

/** Whether the service itself has signed something that is kept here: a root of its audit, a receipt of an erasure. */
export const serviceHasSigned = async (database: Queries, schema: string): Promise<boolean> =>
  (await database.query(`select 1 where exists (select from "${schema}".audit_root) or exists (select from "${schema}".erasure_receipt where receipt is not null)`, [])).rows.length > 0;

/** Undefined: the signer signs, or is locked on purpose. Makes no key. */
export async function troubleOfSigner(keys: Pick<SigningKeys, 'sign'>, signer: string): Promise<KeyTrouble | undefined> {
  try { await keys.sign(signer, PROBE, () => Promise.resolve(false)); return undefined; } catch (error) {
    if (!(error instanceof PrivacyRefusal)) throw error;
    return error.code === 'KEYS_LOCKED' ? undefined : { organisation: signer, code: error.code, version: undefined, signs: true };
  }
}

/** What a service knows of who has signed: its database, as the service sees it. */
export interface SignedHere {
  service(): Promise<boolean>;
  organisation(organisation: string): Promise<boolean>;
  /** Whoever may have. */
  organisations(): Promise<readonly string[]>;
}

/** The signing keys, as one service uses them: whose key is lost signs nothing, and gets no other in its place until one is made knowingly. */
export class Signers implements SigningKeys {
  readonly #troubles = new Map<string, KeyTrouble>();
  constructor(private readonly keys: SigningKeys, private readonly service: string, private readonly signedHere: SignedHere) {}

  /** Who cannot sign, and why; until they can again. */
  get troubles(): ReadonlyMap<string, KeyTrouble> { return this.#troubles; }

  async sign(signer: string, bytes: Buffer): Promise<Signature> {
    try {
      const signature = await this.keys.sign(signer, bytes, async () => !await this.#hasSigned(signer));
      this.#troubles.delete(signer);
      return signature;
    } catch (error) {
      if (error instanceof PrivacyRefusal && isForOperator(error)) this.#troubles.set(signer, { organisation: signer, code: error.code, version: undefined, signs: true });
      throw error;
    }
  }
  verifyingKeys(signer: string): Promise<readonly VerifyingKey[]> { return this.keys.verifyingKeys(signer); }
  rotate(signer: string, to?: number): Promise<number> { return this.keys.rotate(signer, to); }

  /** Whether there is a key of this signer to be changed: one that is lost is changed too, and then signs again. */
  async has(signer: string): Promise<boolean> { return (await this.keys.verifyingKeys(signer)).length > 0 || await this.#hasSigned(signer); }
  #hasSigned(signer: string): Promise<boolean> { return signer === auditSigner(this.service) ? this.signedHere.service() : this.signedHere.organisation(signer); }

  /** Looks who of those who have signed can: everybody at the start, afterwards those with whom something was wrong. */
  async prove(signers?: readonly string[]): Promise<void> {
    for (const signer of signers ?? [auditSigner(this.service), ...await this.signedHere.organisations()]) {
      const trouble = await this.#hasSigned(signer) ? await troubleOfSigner(this.keys, signer) : undefined;
      if (trouble) this.#troubles.set(signer, trouble); else this.#troubles.delete(signer);
      // Who does not answer for one answers for nobody.
      if (trouble?.code === 'KEY_STORE_UNAVAILABLE') return;
    }
  }
}
