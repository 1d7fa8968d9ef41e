import { notificationsService } from '@footbridge/notifications';
import { referralsService } from '@footbridge/referrals';
import { sheltersService } from '@footbridge/shelters';
import { testInstance, type TestInstance } from '@footbridge/testing';
import { demonstration } from '../demonstration.js';
import { makeNetwork } from './network.js';
import { Inbox } from './inbox.js';
import { outage, subscribe } from './webhook.story.js';
import { closeLoop, intake, refer } from './referral.story.js';
import { testWorld } from './test-world.js';
import type { World } from './world.js';

describe('the journey', () => {
  let instance: TestInstance, world: World;
  beforeAll(async () => { instance = await testInstance([referralsService, sheltersService, notificationsService], { name: 'journey' }); world = testWorld(instance); });
  afterAll(() => instance?.close());
  it('begins with a network', async () => { await makeNetwork(world, demonstration); });
  it('part 1', async () => {
    const at = await intake(world, { givenName: 'Zyxqua', familyName: 'Vrmtt', phone: '+355600000001' });
    const then = await refer(world, at);
    await closeLoop(world, then);
    const inbox = new Inbox();
    await inbox.start();
    await subscribe(world, inbox);
    await outage(world, inbox, at);
    await inbox.stop();
  });
});
