import { createGate, structured, type Gate, type MailTemplate, type PrivacyRefusal } from '@footbridge/privacy';
import type { Clock } from './clock.js';
import { log } from './log.js';
import { countRefusal } from './metrics.js';
import type { Store } from './store.js';

/** Where our organisations and the people whom they help are: numbers that are dialled there without a country are looked for too. */
export const corridor: readonly string[] = ['AL', 'XK', 'RS', 'ME', 'MK', 'BA', 'HR', 'SI', 'BG', 'RO', 'MD', 'UA', 'GR', 'IT', 'TR'];

const WRITE_AFTER_MS = 200;
/** Where they could not be written: this often again. */
const AGAIN_MS = 5_000;
const A_MINUTE = 60_000;
/** Of one code in a minute; the rest of a flood is one entry that says how many. */
export const MOST_ENTRIES = 20;
/** So many wait in memory while nothing can be written; of those that do not fit, one entry says how many. */
export const MOST_WAITING = 1_000;

interface Noted { readonly at: string; readonly code: string; readonly organisation?: string; readonly account?: string }

/**
 * Every refusal of the privacy library is counted once, and stands once in the audit trail: that it was, when, by which code, and
 * whose request it was, if it was anybody's. Written behind the refusal: whoever is refused does not wait for it, and where it
 * cannot be written nothing has left either. It is then kept, and written as soon as that can be (docs/decisions/2026-11-25-refusals-kept.md).
 */
export class Refusals {
  readonly #seen = new WeakSet<PrivacyRefusal>();
  #waiting: Noted[] = [];
  #dropped = 0;
  #entries = new Map<string, number>();
  #minute: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #store: Pick<Store, 'commit'> | undefined;
  constructor(private readonly service: string, private readonly clock: Clock) {}

  /** Whoever keeps the audit trail; the gate is there before it. */
  keep(store: Pick<Store, 'commit'>): void { this.#store = store; }

  /** The same refusal, seen again on its way out, is no second one. `by`: whose request was refused. */
  note(refusal: PrivacyRefusal, by?: { readonly organisation: string; readonly subject: string }): void {
    if (this.#seen.has(refusal)) return;
    this.count(refusal);
    this.#minute ??= setTimeout(() => { this.#endMinute(); }, A_MINUTE).unref();
    const entries = (this.#entries.get(refusal.code) ?? 0) + 1;
    this.#entries.set(refusal.code, entries);
    if (entries < MOST_ENTRIES) this.#wait({ at: this.clock.now().toISOString(), code: refusal.code, ...(by ? { organisation: by.organisation, account: by.subject } : {}) });
  }
  /** Only counted: garbage that comes in is nobody's attempt to send, and may come in floods. */
  count(refusal: PrivacyRefusal): void {
    if (this.#seen.has(refusal)) return;
    this.#seen.add(refusal);
    countRefusal(this.service, refusal.code);
  }

  /** The last entry of a flood stands for all that were not written one by one. */
  #endMinute(): void {
    clearTimeout(this.#minute);
    this.#minute = undefined;
    for (const [code, entries] of this.#entries) {
      const more = entries - MOST_ENTRIES + 1;
      if (more > 0) this.#wait({ at: this.clock.now().toISOString(), code: more === 1 ? code : `${code} AND_${more - 1}_MORE` });
    }
    this.#entries = new Map();
  }
  #wait(noted: Noted): void {
    if (this.#waiting.length >= MOST_WAITING) this.#dropped += 1; else this.#waiting.push(noted);
    this.#soon(WRITE_AFTER_MS);
  }
  #soon(ms: number): void {
    this.#timer ??= setTimeout(() => { this.#timer = undefined; this.#writing = this.#writing.then(() => this.#write()); }, ms).unref();
  }

  async #write(): Promise<void> {
    while (this.#store && (this.#waiting.length > 0 || this.#dropped > 0)) {
      const dropped = this.#dropped;
      const noted = this.#waiting.length > 0 ? this.#waiting.slice(0, MOST_ENTRIES) : [{ at: this.clock.now().toISOString(), code: `REFUSALS_NOT_KEPT AND_${dropped - 1}_MORE` } ];
      try {
        await this.#store.commit('', noted.map(({ at, code, organisation, account }) => ({ t: 'audit', op: 'insert' as const, row: { at, organisations: organisation === undefined ? [] : [organisation], kind: 'refusal', command: 'refused', ground: code, ...(organisation === undefined ? {} : { organisation, account }) } })), []);
      } catch {
        log('refusals-not-kept', { service: this.service, count: this.#waiting.length + this.#dropped }, 'error');
        this.#soon(AGAIN_MS);
        return;
      }
      if (this.#waiting.length > 0) this.#waiting.splice(0, noted.length); else this.#dropped -= dropped;
    }
  }
  /** What is noted is written before the service ends. */
  async stop(): Promise<void> {
    this.#endMinute();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    await this.#write();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** The gate of a service: what it refuses is counted and audited; of what comes in and is refused, only the count is kept. */
export const serviceGate = (refusals: Refusals, mail?: { readonly templates: readonly MailTemplate[]; readonly address: string }): Gate => createGate({
  scanners: [structured({ countries: corridor })],
  ...(mail ? { mail } : {}),
  onRefusal: (_code, act, refusal) => { if (act === 'decode') refusals.count(refusal); else refusals.note(refusal); },
});
