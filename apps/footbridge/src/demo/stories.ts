import { Inbox } from './inbox.js';
import { closeLoop, intake, refer } from './referral.story.js';
import { arrive, setOut, withdrawOnTheWay } from './return.story.js';
import { outage, subscribe } from './webhook.story.js';
import type { Invented } from './referral.story.js';
import type { World } from './world.js';

export interface Story { readonly about: string; play(world: World): Promise<void> }

const invented: readonly Invented[] = [{ givenName: 'Zyxqua', familyName: 'Vrmtt', phone: '+37360000001' }, { givenName: 'Qwirro', familyName: 'Plzkh', phone: '+37360000002' }];

/** The whole way, for these people: all of them travel, every second one changes her mind on the way. */
export async function journey(world: World, people: readonly Invented[], inbox: Inbox): Promise<void> {
  await subscribe(world, inbox);
  for (const [n, person] of people.entries()) {
    const at = await intake(world, person);
    const then = await refer(world, at);
    await closeLoop(world, then);
    if (n === 0) await outage(world, inbox, at);
    const trip = await setOut(world, at, then);
    if (n % 2 === 0) await arrive(world, trip); else await withdrawOnTheWay(world, trip);
  }
}

export const stories: Readonly<Record<string, Story>> = {
  journey: {
    about: 'from a shelter\'s intake to a partner\'s webhook: referral, return, reintegration, and a withdrawal on the way',
    play: async (world) => { const inbox = new Inbox(); await inbox.start(); try { await journey(world, invented, inbox); } finally { await inbox.stop(); } },
  },
};
