import { Parser } from '@asyncapi/parser';
import { asyncapi, catalogue, contracts, events } from './index.js';

describe('the AsyncAPI document', () => {
  it('is valid, without a warning', async () => {
    const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncapi()));
    expect(diagnostics.filter(({ severity }) => severity < 2).map(({ message, path }) => `${path.join('.')}: ${message}`)).toEqual([]);
    expect(document?.version()).toBe('3.0.0');
    expect(document?.channels().all().map((channel) => channel.address()).sort()).toEqual([
      'footbridge.notifications', 'footbridge.referrals', 'footbridge.reintegration', 'footbridge.returns', 'footbridge.shelters', null,
    ]);
    expect(document?.operations().all()).toHaveLength(6);
    const sent = document?.channels().get('referrals')?.messages().get('referrals.referral-sent.v1');
    expect(sent?.payload()?.required()).toEqual(['referral', 'state', 'version', 'priority', 'from', 'to', 'dueAt']);
    expect(sent?.headers()?.required()).toContain('ce_aggregate');
  });
  it('is found invalid where it is', async () => {
    const { diagnostics } = await new Parser().parse(JSON.stringify({ ...asyncapi(), operations: { x: { action: 'sent' } } }));
    expect(diagnostics.filter(({ severity }) => severity === 0)).not.toEqual([]);
  });
  it('has every event that travels, and none that does not', () => {
    const text = JSON.stringify(asyncapi());
    for (const { type } of contracts) expect(text).toContain(`"${type}"`);
    for (const { type, audience } of Object.values(events)) if (audience === 'service') expect(text).not.toContain(type);
  });
  it('shows organisations nothing of what services tell each other', () => {
    const { channels } = asyncapi() as { channels: { organisation: { messages: Record<string, unknown> } } };
    const shown = Object.keys(channels.organisation.messages);
    expect(shown).toContain('notifications.subscription-challenge.v1');
    expect(shown).not.toContain('referrals.clearance-changed.v1');
    expect(shown).toHaveLength(contracts.filter(({ audience }) => audience !== 'instance').length);
  });
});

describe('the catalogue', () => {
  it('has a line for every event that travels, and names the others', () => {
    const text = catalogue();
    for (const { name, audience } of Object.values(events)) expect(text).toMatch(audience === 'service' ? new RegExp(`never sent: .*\\b${name}\\b`) : new RegExp(`^\\| ${name} \\|`, 'm'));
    expect(text).toContain('| ReferralSent | the named organisation | the recipient | `referral`, `state`, `version`, `priority`, `serviceType?`, `from`, `to`, `dueAt` |');
  });
});
