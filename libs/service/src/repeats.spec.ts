import { createHash, createHmac } from 'node:crypto';
import { requestMac, requestText } from './repeats.js';

describe('what is kept of a request to know it again by', () => {
  const asked = { caller: 'acc_a', key: 'k', request: requestText('POST', '/v1/cases', { person: { givenName: 'Zyxqua' } }) };
  const mac = requestMac(Buffer.from('a secret of the instance, and long'));

  it('is the same for the same request, in each process that has the secret', () => {
    expect(mac(asked)).toBe(requestMac(Buffer.from('a secret of the instance, and long'))({ ...asked }));
    expect(mac(asked)).toMatch(/^[\w-]{43}$/);
    expect([requestText('POST', '/v1/x', undefined), requestText('POST', '/v1/x', null)]).toEqual(['POST /v1/x\nnull', 'POST /v1/x\nnull']);
  });
  it('differs by secret, caller, key, method, path and body', () => {
    const others = [requestMac(Buffer.from('another secret of the instance, long'))(asked), mac({ ...asked, caller: 'acc_b' }), mac({ ...asked, key: 'l' }),
      ...[['PATCH', '/v1/cases', { person: { givenName: 'Zyxqua' } }], ['POST', '/v1/case', { person: { givenName: 'Zyxqua' } }], ['POST', '/v1/cases', { person: { givenName: 'Zyxqub' } }]].map(([method, path, body]) => mac({ ...asked, request: requestText(String(method), String(path), body) }))];
    expect(new Set([mac(asked), ...others]).size).toBe(7);
  });
  it('is no hash that somebody without the secret makes (G5)', () => {
    const texts = [asked.request, `acc_a k\n${asked.request}`];
    for (const text of texts) {
      expect(createHash('sha256').update(text).digest('base64url')).not.toBe(mac(asked));
      for (const key of ['', 'k', 'acc_a', 'footbridge repeated request']) expect(createHmac('sha256', key).update(text).digest('base64url')).not.toBe(mac(asked));
    }
  });
});
