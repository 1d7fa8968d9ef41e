import { Counter, Registry, collectDefaultMetrics } from 'prom-client';
import { createServer, type Server } from 'node:http';
import { log } from './log.js';

export const registry = new Registry();
const refusals = new Counter({ name: 'footbridge_privacy_refusals_total', help: 'Values that the gate refused to let out', labelNames: ['service', 'code'], registers: [registry] });
/** A label is of a closed form, whatever it is called with: a label of a metric is kept and shown for long. */
export const countRefusal = (service: string, code: string): void => { refusals.inc({ service: /^[a-z-]{1,40}$/.test(service) ? service : 'other', code: /^[A-Z][A-Z0-9_]{0,63}$/.test(code) ? code : 'REFUSED' }); };

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
