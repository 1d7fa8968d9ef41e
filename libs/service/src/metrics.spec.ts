import { once } from 'node:events';
import { serveMetrics } from './metrics.js';

describe('/metrics', () => {
  it('is on a port of its own and on the host that is said, not on every interface', async () => {
    const server = serveMetrics(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    expect(address).toMatchObject({ address: '127.0.0.1' });
    const text = await (await fetch(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/metrics`)).text();
    expect(text).toContain('process_resident_memory_bytes');
    server.closeAllConnections();
    server.close();
  });
});
