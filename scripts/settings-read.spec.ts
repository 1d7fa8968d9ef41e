import { settings } from '../apps/footbridge/src/inventory/settings.js';
import { settingsIn, settingsRead } from './settings-read.js';

const declared = new Set(Object.values(settings).flatMap((names) => names.split(' ').filter(Boolean)));
/** What is named when it runs: each is one of those that are declared. */
const made = new Map([
  ['variable', ['REFERRALS_URL', 'SHELTERS_URL', 'RETURNS_URL', 'REINTEGRATION_URL', 'NOTIFICATIONS_URL', 'IDENTITY_URL']],
  // Their callers name it.
  ['name', []],
]);

describe('T07 what the environment says', () => {
  it('is found however it is asked', () => {
    expect(settingsIn(`process.env['A_B']; process.env.C_D; environment['E_F']; const { G_H: g, I_J } = environment; given('K_L'); oneOf('M_N', []); oneOf(environment, 'O_P', []); portOf('Q', environment['Q']); env[\`\${x}_URL\`]; other['NOT_ME']; given(name); label('NOT_ME_EITHER')`))
      .toEqual(['A_B', 'C_D', 'E_F', 'G_H', 'I_J', 'K_L', 'M_N', 'O_P', 'Q', '`${x}_URL`']);
  });
  it('has a class, name by name, and none that is read by nobody', () => {
    const read = settingsRead(['apps', 'libs/contracts', 'libs/lifecycle', 'libs/messaging', 'libs/privacy', 'libs/service']);
    const names = new Set([...read.keys()].flatMap((name) => made.get(name) ?? [name]));
    expect({ unclassified: [...names].filter((name) => !declared.has(name)).sort(), stale: [...declared].filter((name) => !names.has(name)).sort() }).toEqual({ unclassified: [], stale: [] });
  });
});
