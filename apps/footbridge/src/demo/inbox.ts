import { createServer, type Server } from 'node:http';
import { Webhook } from 'standardwebhooks';

export interface Delivered { readonly id: string; readonly type: string; readonly body: Readonly<Record<string, unknown>>; readonly raw: string; readonly headers: Readonly<Record<string, string>> }

/** A partner's server: answers the challenge, verifies each signature with the standardwebhooks package, and acts once per `webhook-id`. */
export class Inbox {
  readonly delivered: Delivered[] = [];
  /** Everything that came, verified or not, also twice. */
  readonly requests: { readonly path: string; readonly bytes: Buffer; readonly headers: Readonly<Record<string, string>> }[] = [];
  secret: string | undefined;
  unsigned = 0;
  doubled = 0;
  #server: Server | undefined;
  #port = 0;

  /** The same, byte by byte. */
  get heard(): Buffer { return Buffer.concat(this.requests.flatMap(({ path, headers, bytes }) => [Buffer.from(`\n${path} ${JSON.stringify(headers)}\n`), bytes])); }
  get url(): string { return `http://127.0.0.1:${this.#port}/hooks`; }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (c: Buffer) => chunks.push(c));
      request.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const raw = bytes.toString('utf8');
        const headers = Object.fromEntries(Object.entries(request.headers).map(([k, v]) => [k, String(v)]));
        this.requests.push({ path: request.url ?? '', bytes, headers });
        const body = read(raw);
        if (!body) { this.unsigned += 1; response.statusCode = 400; response.end(); return; }
        if (body.data?.challenge) { response.setHeader('content-type', 'application/json'); response.end(JSON.stringify({ challenge: body.data.challenge })); return; }
        try { new Webhook(this.secret ?? '').verify(raw, headers); } catch { this.unsigned += 1; response.statusCode = 401; response.end(); return; }
        if (this.delivered.some((d) => d.id === headers['webhook-id'])) this.doubled += 1;
        else this.delivered.push({ id: headers['webhook-id'] ?? '', type: body.type, body: body as unknown as Record<string, unknown>, raw, headers });
        response.statusCode = 204;
        response.end();
      });
    });
    await new Promise<void>((resolve, reject) => { server.once('error', reject); server.listen(this.#port, '127.0.0.1', resolve); });
    const address = server.address();
    if (typeof address === 'object' && address) this.#port = address.port;
    this.#server = server;
  }
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await new Promise<void>((done) => { if (!server) { done(); return; } server.close(() => done()); server.closeAllConnections(); });
  }
}

interface Sent { readonly id: string; readonly type: string; readonly data?: { readonly challenge?: string } }
function read(raw: string): Sent | undefined {
  try { return JSON.parse(raw) as Sent; } catch { return undefined; }
}
