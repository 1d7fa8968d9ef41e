import { createServer, type Server, type Socket } from 'node:net';
import { ReferralSent } from '@footbridge/contracts';
import { canaryPerson, huntLeaks, type Sink } from '@footbridge/privacy/testing';
import { waitUntil, webhookReceiver } from '@footbridge/testing';
import { createTransport } from 'nodemailer';
import { network, type Network } from '../network.fixture.js';

/** Whom the mail server names where it refuses. */
const her = canaryPerson(75);

/** As much of SMTP (RFC 5321) as a sender needs. `refusing`: it has no time just now. */
class MailServer {
  readonly mails: string[] = [];
  /** Everything that was said to it: addresses and all. */
  heard = '';
  refusing = false;
  readonly #server: Server = createServer((socket) => { this.#talk(socket); });
  async open(): Promise<string> {
    await new Promise<void>((resolve) => { this.#server.listen(0, '127.0.0.1', resolve); });
    const address = this.#server.address();
    return `smtp://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  }
  #talk(socket: Socket): void {
    let data: string | undefined;
    let line = '';
    socket.on('error', () => undefined);
    socket.write('220 loopback\r\n');
    socket.on('data', (chunk: Buffer) => {
      this.heard += chunk.toString();
      line += chunk.toString();
      if (data !== undefined) { data += line; line = ''; if (data.endsWith('\r\n.\r\n')) { this.mails.push(data); data = undefined; socket.write('250 kept\r\n'); } return; }
      for (let end = line.indexOf('\r\n'); end >= 0; end = line.indexOf('\r\n')) {
        const said = line.slice(0, end);
        line = line.slice(end + 2);
        if (said === 'DATA') { data = ''; socket.write('354 go on\r\n'); } else if (said === 'QUIT') socket.end('221 bye\r\n');
        else socket.write(said.startsWith('MAIL') && this.refusing ? `451 later, ${Object.values(her.values).join(', ')}\r\n` : '250 ok\r\n');
      }
    });
  }
  close(): void { this.#server.close(); }
}

describe('the security contact of a partner whose endpoint is disabled', () => {
  const server = new MailServer();
  let net: Network, url: string;
  beforeAll(async () => { url = await server.open(); net = await network('postman', { mail: { smtpUrl: url, from: 'footbridge@network.example', address: 'https://footbridge.example' } }); });
  afterAll(async () => { await net?.close(); server.close(); });

  it('is written to once, also where the mail server was away; the mail says what to do and names nobody', async () => {
    const [admin, hook] = [await net.partner(), await webhookReceiver()];
    const { id } = await net.subscribe(admin, hook.url, ReferralSent);
    hook.behave({ status: 410 });
    server.refusing = true;
    const event = await net.referral(admin.organisation);
    const pool = net.instance.services.get('notifications')!.pool;
    const tried = async (): Promise<unknown> => (await pool.query<{ attempts: number }>('select attempts from mail_due')).rows[0]?.attempts;
    await waitUntil('it was tried', async () => await tried() === 1);
    expect(server.mails).toEqual([]);
    server.refusing = false;
    await pool.query('update mail_due set due_at = clock_timestamp()');
    await waitUntil('it is sent, and due no more', async () => server.mails.length === 1 && await tried() === undefined);
    const [mail = ''] = server.mails;
    expect(mail).toContain('To: security@nest.example');
    expect(mail).toContain('https://footbridge.example');
    for (const inner of [id, event, admin.organisation, admin.subject, 'Nest\r', 'rfr_', 'org_', 'sub_', '+355', ReferralSent.type]) expect(mail).not.toContain(inner);
    hook.behave({ status: 204 });
    expect((await admin.post(`/v1/subscriptions/${id}/activate-subscription`)).status).toBe(200);
    expect(server.mails).toHaveLength(1);
    await hook.stop();
  }, 60_000);

  it('T10 leaves no name in a mail, nor what the mail server says in any sink; one that was written would be found', async () => {
    const mails = (): Sink => ({ name: 'mails', content: server.heard });
    expect(server.heard).toContain('MAIL FROM');
    expect(huntLeaks([...await net.instance.sinks(), mails()], [her])).toEqual([]);
    const transport = createTransport({ url });
    const planted = { 'a mail': { text: her.familyName }, 'the subject of a mail': { subject: her.arabicName }, 'the address of a mail': { to: `${her.documentNumber}@nest.example` } };
    for (const more of Object.values(planted)) await transport.sendMail({ from: 'footbridge@network.example', to: 'security@nest.example', subject: 'x', text: 'x', ...more });
    transport.close();
    expect([...new Set(huntLeaks([mails()], [her]).map(({ field }) => field))].sort()).toEqual(['arabicName', 'documentNumber', 'familyName']);
  }, 120_000);
});
