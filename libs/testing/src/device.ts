import { createHash, randomUUID } from 'node:crypto';
import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters } from 'jose';

type Key = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
export interface Proving { readonly method?: string; readonly url: string; readonly token?: string; readonly claims?: Readonly<Record<string, unknown>>; readonly header?: Readonly<Record<string, unknown>> }

/** A device with a key of its own, that proves it with each request (RFC 9449). */
export class Device {
  private constructor(readonly alg: string, readonly privateKey: Key, readonly jwk: JWK, readonly jkt: string) {}

  static async of(alg = 'ES256'): Promise<Device> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(publicKey);
    return new Device(alg, privateKey, jwk, await calculateJwkThumbprint(jwk));
  }

  async proof({ method = 'GET', url, token, claims, header }: Proving): Promise<string> {
    const ath = token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') };
    return await new SignJWT({ htm: method, htu: url, jti: randomUUID(), iat: Math.floor(Date.now() / 1000), ...ath, ...claims })
      .setProtectedHeader({ typ: 'dpop+jwt', alg: this.alg, jwk: this.jwk, ...header } as JWTHeaderParameters).sign(this.privateKey);
  }

  /** The headers of one request. */
  async headers(proving: Proving & { readonly token: string }): Promise<{ readonly authorization: string; readonly dpop: string }> {
    return { authorization: `DPoP ${proving.token}`, dpop: await this.proof(proving) };
  }
}
