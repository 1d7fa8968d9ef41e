import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** DER, as much of it as a certificate needs (X.690). */
const der = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
};
const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const text = (tag: number, value: string): Buffer => der(tag, Buffer.from(value, 'ascii'));
const time = (date: Date): Buffer => text(0x17, `${date.toISOString().slice(2, 19).replace(/[-T:]/g, '')}Z`);

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
const commonName = '550403', subjectAltName = '551d11';

/** A certificate that signs itself, for a server of the tests on loopback: made anew each time, so that no key lies in the repository. */
export function selfSignedCertificate(name: string): { readonly key: string; readonly cert: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const who = sequence(der(0x31, sequence(oid(commonName), text(0x0c, name))));
  const names = sequence(text(0x82, name), der(0x87, Buffer.from([127, 0, 0, 1])));
  const day = 86_400_000;
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    who,
    sequence(time(new Date(Date.now() - day)), time(new Date(Date.now() + 30 * day))),
    who,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(sequence(oid(subjectAltName), der(0x04, names)))),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', content, privateKey));
  const cert = sequence(content, ecdsaWithSha256, signature).toString('base64').replace(/.{1,64}/g, '$&\n');
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: `-----BEGIN CERTIFICATE-----\n${cert}-----END CERTIFICATE-----\n` };
}
