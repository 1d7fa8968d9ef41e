import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PrivacyRefusal, WireBytes, ownUse, type WireMail } from '@footbridge/privacy';
import { log, reasonOf, type Job, type Running } from '@footbridge/service';
import { createTransport, type Transporter } from 'nodemailer';
import { Partner } from '../partner/partner.lifecycle.js';
import { endpointDisabled } from './mails.js';

const EVERY_MS = 1_000;
/** Longer than a server may take to answer; then somebody else tries. */
const LEASE_SECONDS = 60;
/** After these many attempts, each a quarter of an hour later than the one before at most, the call list is what is left. */
const ATTEMPTS = 200;

interface DueMail { readonly subscription: string; readonly version: number; readonly owner: string; readonly attempts: number }

/** S10 step 13: writes to the security contact of a partner whose endpoint was disabled. What it says is of the gate's closed list. */
export class Postman implements Job {
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;
  constructor(private readonly running: Running) {}

  start(): void { this.#loop ??= this.#run(); }
  async stop(): Promise<void> { this.#stop.abort(); await this.#loop; }

  async #run(): Promise<void> {
    const { mail } = this.running.config;
    // The call list (WEBHOOK_DISABLED) says it either way; what is due waits until mail is configured.
    if (!mail) return;
    const transport = createTransport({ url: mail.smtpUrl, connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 });
    while (!this.#stop.signal.aborted) {
      const due = await this.#claim().catch(() => undefined);
      if (due) await this.#write(due, mail.from, transport);
      else await sleep(EVERY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
    transport.close();
  }

  async #claim(): Promise<DueMail | undefined> {
    const { rows } = await this.running.pool.query<DueMail>(`update mail_due m set due_at = clock_timestamp() + make_interval(secs => greatest(${LEASE_SECONDS}, least(m.attempts * 60, 900))), attempts = m.attempts + 1
      from (select subscription, version from mail_due where due_at <= clock_timestamp() order by due_at limit 1 for update skip locked) c where m.subscription = c.subscription and m.version = c.version returning m.subscription, m.version, m.owner, m.attempts`);
    return rows[0];
  }
  async #write(due: DueMail, from: string, transport: Pick<Transporter, 'sendMail'>): Promise<void> {
    const { subscription, version, owner, attempts } = due;
    try {
      // Who has repaired it meanwhile need not hear of it.
      const { rowCount: off } = await this.running.pool.query(`select 1 from endpoint where subscription = $1 and state = 'sub_disabled'`, [subscription]);
      const [partner] = off === 0 ? [] : await this.running.engine.store.find(Partner, owner, `t.owner = $1->>0 and t.state <> 'partner_terminated'`, [owner]);
      const contact = partner?.row.securityContact?.reveal(ownUse('SECURITY_CONTACT'));
      if (contact) {
        const messageId = messageIdOf(due);
        await send(transport, { from, to: contact.email, messageId }, this.running.gate.mail(endpointDisabled, {}, { from, 'message-id': messageId }));
      }
    } catch (error) {
      if (error instanceof PrivacyRefusal) this.running.refusals.note(error);
      // An answer of a mail server quotes the address: only its kind is said.
      log('mail-not-sent', { service: 'notifications', reason: reasonOf(error), count: attempts });
      if (attempts < ATTEMPTS) return;
    }
    await this.running.pool.query('delete from mail_due where subscription = $1 and version = $2', [subscription, version]).catch(() => undefined);
  }
}

/** The same at each attempt, so that one that arrived after all is not shown twice; it says nothing of what it is made of. */
const messageIdOf = ({ subscription, version }: DueMail): string => `<${createHash('sha256').update(`${subscription}/${version}`).digest('hex').slice(0, 40)}@footbridge>`;
/** The only place that writes mails: what it says has passed the gate. */
const send = (transport: Pick<Transporter, 'sendMail'>, envelope: { readonly from: string; readonly to: string; readonly messageId: string }, { subject, text }: WireMail): Promise<unknown> => {
  if (!WireBytes.is(subject) || !WireBytes.is(text)) throw new PrivacyRefusal('NOT_WIRE_BYTES');
  return transport.sendMail({ ...envelope, subject: subject.bytes().toString('utf8'), text: text.bytes().toString('utf8') });
};
