import { createServer, type Server } from 'node:http';
import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { newRef } from '@footbridge/privacy';

export interface SigningKey { readonly alg: string; readonly kid: string; readonly privateKey: CryptoKeyLike; readonly jwk: JWK }
type CryptoKeyLike = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

export async function signingKey(alg = 'ES256'): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { alg, kid, privateKey, jwk: { ...jwk, kid, alg, use: 'sig' } };
}

export const account = newRef('acc');
export const organisation = newRef('org');

/** A real issuer on loopback: discovery and keys over HTTP, counted. */
export class TestIssuer {
  keys: JWK[] = [];
  asked = 0;
  delayMs = 0;
  /** How far its clock is ahead: what it signs and the Date that it says. */
  aheadMs = 0;
  saysDate = true;
  private constructor(private server: Server, readonly port: number) {}

  static async start(...keys: SigningKey[]): Promise<TestIssuer> {
    const server = createServer();
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const address = server.address();
    const issuer = new TestIssuer(server, typeof address === 'object' && address !== null ? address.port : 0);
    issuer.keys = keys.map(({ jwk }) => jwk);
    server.on('request', (request, response) => {
      const found = request.url === '/.well-known/openid-configuration' ? { issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` } : { keys: issuer.keys };
      if (request.url === '/jwks') issuer.asked++;
      response.sendDate = false;
      setTimeout(() => response.writeHead(200, { 'content-type': 'application/json', ...(issuer.saysDate ? { date: new Date(Date.now() + issuer.aheadMs).toUTCString() } : {}) }).end(JSON.stringify(found)), issuer.delayMs);
    });
    return issuer;
  }

  get url(): string { return `http://127.0.0.1:${this.port}`; }

  async token(key: SigningKey, claims: Record<string, unknown> = {}, { expires = 600, typ = 'at+jwt' }: { readonly expires?: number; readonly typ?: string } = {}): Promise<string> {
    const now = Math.floor((Date.now() + this.aheadMs) / 1000);
    return await new SignJWT({ iss: this.url, aud: 'footbridge', sub: account, organisation, roles: ['CASE_WORKER'], iat: now - 60, exp: now + expires, ...claims }).setProtectedHeader({ alg: key.alg, kid: key.kid, typ }).sign(key.privateKey);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => { this.server.close(() => { resolve(); }); });
  }
}
