import { request as httpsRequest } from 'node:https';
import { waitUntil } from './wait-until.js';
import { webhookReceiver } from './webhook-receiver.js';

const post = (url: string, body = '{}', signal?: AbortSignal): Promise<Response> => fetch(url, { method: 'POST', body, redirect: 'manual', ...(signal ? { signal } : {}) });

describe('the webhook receiver of the tests', () => {
  it('keeps what it gets and answers 204', async () => {
    const receiver = await webhookReceiver();
    expect((await post(receiver.url, '{"a":1}')).status).toBe(204);
    expect(receiver.requests.map(({ method, path, body }) => [method, path, body.toString()])).toEqual([['POST', '/hook', '{"a":1}']]);
    await receiver.stop();
  });

  it('sends back the challenge of a subscription', async () => {
    const receiver = await webhookReceiver();
    const answer = await post(receiver.url, JSON.stringify({ type: 'footbridge.notifications.subscription-challenge.v1', data: { challenge: 'abc' } }));
    expect([answer.status, await answer.json()]).toEqual([200, { challenge: 'abc' }]);
    await receiver.stop();
  });

  it('answers as it is told, request by request', async () => {
    const receiver = await webhookReceiver();
    receiver.behave((_request, count) => count === 1 ? { status: 500 } : count === 2 ? { status: 302, headers: { location: 'http://127.0.0.1:1/' } } : { status: 410 });
    expect([(await post(receiver.url)).status, (await post(receiver.url)).status, (await post(receiver.url)).status]).toEqual([500, 302, 410]);
    await receiver.stop();
  });

  it('hangs, streams for ever and drops the connection', async () => {
    const receiver = await webhookReceiver();
    receiver.behave('hang');
    await expect(post(receiver.url, '{}', AbortSignal.timeout(200))).rejects.toThrow('aborted');
    receiver.behave('stream');
    await expect(post(receiver.url, '{}', AbortSignal.timeout(200)).then((answer) => answer.text())).rejects.toThrow('aborted');
    receiver.behave('drop');
    await expect(post(receiver.url)).rejects.toThrow('fetch failed');
    await receiver.stop();
  });

  it('goes away and comes back at the same address', async () => {
    const receiver = await webhookReceiver();
    await receiver.stop();
    await expect(post(receiver.url)).rejects.toThrow('fetch failed');
    await receiver.start();
    expect((await post(receiver.url)).status).toBe(204);
    await receiver.stop();
  });

  it('speaks TLS with a certificate that only those trust who were given it', async () => {
    const receiver = await webhookReceiver({ tls: true });
    const status = (ca?: string): Promise<number | undefined> => new Promise((resolve, reject) => {
      httpsRequest(receiver.url, { method: 'POST', ca, agent: false }, (response) => { response.resume(); resolve(response.statusCode); }).once('error', reject).end('{}');
    });
    await expect(status()).rejects.toThrow('self-signed');
    expect(await status(receiver.ca)).toBe(204);
    await waitUntil('the request is kept', () => receiver.requests.length === 1);
    await receiver.stop();
  });
});
