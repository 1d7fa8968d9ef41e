import { testInstance, type TestInstance } from '@footbridge/testing';
import { demonstration } from '../demonstration.js';
import { services } from '../services.js';
import { Inbox } from './inbox.js';
import { makeNetwork } from './network.js';
import { journey } from './stories.js';
import { testWorld } from './test-world.fixture.js';
import type { World } from './world.js';

describe('the journey', () => {
  let instance: TestInstance, world: World;
  beforeAll(async () => { instance = await testInstance(services, { name: 'journey' }); world = testWorld(instance); });
  afterAll(() => instance?.close());
  it('begins with a network', async () => { await makeNetwork(world, demonstration); });
  it('runs', async () => {
    const inbox = new Inbox();
    await inbox.start();
    world = { ...world, tell: (l) => process.stdout.write(`${l}\n`) };
    try { await journey(world, [{ givenName: 'Zyxqua', familyName: 'Vrmtt', phone: '+37360000001' }, { givenName: 'Zyxqub', familyName: 'Vrmtu', phone: '+37360000002' }], inbox); } finally { await inbox.stop(); }
  });
});
