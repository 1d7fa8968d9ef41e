import { Counter, Registry, collectDefaultMetrics } from 'prom-client';
import { createServer, type Server } from 'node:http';
import { log } from './log.js';

export const registry = new Registry();
const refusals = new Counter({ name: 'footbridge_privacy_refusals_total', help: 'Values that the gate refused to let out', labelNames: ['service', 'code'], registers: [registry] });
export const countRefusal = (service: string, code: string): void => { refusals.inc({ service, code }); };

/** `/metrics` on a port of its own (api.md). Labels are codes and service names only. */
export function serveMetrics(port: number, host: string): Server {
  collectDefaultMetrics({ register: registry });
  const server = createServer((_request, response) => {
    void registry.metrics().then((text) => { response.setHeader('content-type', registry.contentType); response.end(text); });
  });
  // Nobody's work waits for figures.
  server.on('error', () => { log('metrics-not-served', { port }); });
  return server.listen(port, host);
}
