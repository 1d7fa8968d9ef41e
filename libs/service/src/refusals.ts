import { createGate, structured, type Gate, type MailTemplate, type PrivacyRefusal } from '@footbridge/privacy';
import type { Clock } from './clock.js';
import { log } from './log.js';
import { countRefusal } from './metrics.js';
import type { Store } from './store.js';

/** Where our organisations and the people whom they help are: numbers that are dialled there without a country are looked for too. */
export const corridor: readonly string[] = ['AL', 'XK', 'RS', 'ME', 'MK', 'BA', 'HR', 'SI', 'BG', 'RO', 'MD', 'UA', 'GR', 'IT', 'TR'];

const WRITE_AFTER_MS = 200;
const A_MINUTE = 60_000;
/** Of one code in a minute; the rest of a flood is one entry that says how many. */
export const MOST_ENTRIES = 20;

interface Noted { readonly code: string; readonly organisation?: string; readonly account?: string }

/**
 * Every refusal of the privacy library is counted once, and stands once in the audit trail: that it was, when, by which code, and
 * whose request it was, if it was anybody's. Written behind the refusal: whoever is refused does not wait for it, and where it
 * cannot be written nothing has left either.
 */
export class Refusals {
  readonly #seen = new WeakSet<PrivacyRefusal>();
  #waiting: Noted[] = [];
  #minute = { ends: 0, entries: new Map<string, number>() };
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
    const now = performance.now();
    if (now >= this.#minute.ends) this.#minute = { ends: now + A_MINUTE, entries: new Map() };
    const entries = (this.#minute.entries.get(refusal.code) ?? 0) + 1;
    this.#minute.entries.set(refusal.code, entries);
    if (entries > MOST_ENTRIES) return;
    this.#waiting.push({ code: entries === MOST_ENTRIES ? `${refusal.code} AND_MORE` : refusal.code, ...(by ? { organisation: by.organisation, account: by.subject } : {}) });
    this.#timer ??= setTimeout(() => { this.#timer = undefined; this.#writing = this.#writing.then(() => this.#write()); }, WRITE_AFTER_MS).unref();
  }
  /** Only counted: garbage that comes in is nobody's attempt to send, and may come in floods. */
  count(refusal: PrivacyRefusal): void {
    if (this.#seen.has(refusal)) return;
    this.#seen.add(refusal);
    countRefusal(this.service, refusal.code);
  }

  async #write(): Promise<void> {
    const noted = this.#waiting;
    this.#waiting = [];
    if (noted.length === 0 || !this.#store) return;
    const at = this.clock.now().toISOString();
    try {
      await this.#store.commit('', noted.map(({ code, organisation, account }) => ({ t: 'audit', op: 'insert' as const, row: { at, organisations: organisation === undefined ? [] : [organisation], kind: 'refusal', command: 'refused', ground: code, ...(organisation === undefined ? {} : { organisation, account }) } })), []);
    } catch { log('refusals-not-kept', { service: this.service, count: noted.length }, 'error'); }
  }
  /** What is noted is written before the service ends. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    await this.#write();
  }
}

/** The gate of a service: what it refuses is counted and audited; of what comes in and is refused, only the count is kept. */
export const serviceGate = (refusals: Refusals, mail?: { readonly templates: readonly MailTemplate[]; readonly address: string }): Gate => createGate({
  scanners: [structured({ countries: corridor })],
  ...(mail ? { mail } : {}),
  onRefusal: (_code, act, refusal) => { if (act === 'decode') refusals.count(refusal); else refusals.note(refusal); },
});
