import { testInstance, type TestInstance } from '@footbridge/testing';
import { demonstration } from '../demonstration.js';
import { services } from '../services.js';
import { makeNetwork } from './network.js';
import { testWorld } from './test-world.js';
import type { World } from './world.js';

describe('the journey', () => {
  let instance: TestInstance, world: World;
  beforeAll(async () => { instance = await testInstance(services, { name: 'journey' }); world = testWorld(instance); });
  afterAll(() => instance?.close());
  it('begins with a network', async () => { await makeNetwork(world, demonstration); });
});
