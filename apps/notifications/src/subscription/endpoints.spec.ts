import { createGate } from '@footbridge/privacy';
import { webhookReceiver } from '@footbridge/testing';
import { Endpoints } from './endpoints.js';
import { newKeys } from './signing.js';

describe('partners\' endpoints', () => {
  const gate = createGate();
  it('are https on public addresses, whatever the name says', async () => {
    const named: Readonly<Record<string, readonly string[]>> = { 'public.example': ['93.184.216.34'], 'private.example': ['10.0.0.8'], 'mixed.example': ['93.184.216.34', '127.0.0.1'], 'metadata.example': ['169.254.169.254'], 'mapped.example': ['::ffff:10.0.0.8'], 'none.example': [] };
    const endpoints = new Endpoints({ egress: { resolver: (name) => Promise.resolve(named[name] ?? []) } }, gate);
    const allowed = async (url: string): Promise<boolean> => endpoints.allowed(url);
    expect(await allowed('https://public.example/hook')).toBe(true);
    for (const url of ['http://public.example/hook', 'https://public.example:8443/', 'https://private.example/', 'https://mixed.example/', 'https://metadata.example/', 'https://mapped.example/', 'https://none.example/', 'https://127.0.0.1/', 'https://2130706433/', 'https://localhost/', 'https://u:p@public.example/', 'https://public.example/hook#part', 'https://public.example/hook#']) expect([url, await allowed(url)]).toEqual([url, false]);
    await endpoints.close();
  });
  it('gain nothing by answering with another address the second time', async () => {
    const answers = [['93.184.216.34'], ['127.0.0.1']];
    const dialled: string[] = [];
    const endpoints = new Endpoints({ egress: { resolver: () => Promise.resolve(answers.shift() ?? ['127.0.0.1']), connect: ({ address }) => { dialled.push(address); return Promise.reject(new Error('never')); } } }, gate);
    expect(await endpoints.allowed('https://rebinding.example/')).toBe(true);
    expect(await endpoints.answersChallenge('https://rebinding.example/', () => [newKeys()], new Date())).toBe(false);
    expect(dialled).toEqual([]);
    await endpoints.close();
  });
  it('answer the challenge with its word, or do not count', async () => {
    const receiver = await webhookReceiver();
    const endpoints = new Endpoints({ webhooks: 'loopback' }, gate);
    const asked = (): Promise<boolean> => endpoints.answersChallenge(receiver.url, () => [newKeys()], new Date());
    expect(await asked()).toBe(true);
    for (const behaviour of [{ status: 500 }, { status: 302, headers: { location: receiver.url } }, 'drop'] as const) { receiver.behave(behaviour); expect(await asked()).toBe(false); }
    await receiver.stop();
    expect(await asked()).toBe(false);
    await endpoints.close();
  });
  it('are never on loopback in production', () => {
    const was = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try { expect(() => new Endpoints({ webhooks: 'loopback' }, gate)).toThrow(/refused/); } finally { process.env['NODE_ENV'] = was; }
  });
});
