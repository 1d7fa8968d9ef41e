import { Counter, Registry, collectDefaultMetrics } from 'prom-client';
import { createServer, type Server } from 'node:http';

export const registry = new Registry();
const refusals = new Counter({ name: 'footbridge_privacy_refusals_total', help: 'Values that the gate refused to let out', labelNames: ['service', 'code'], registers: [registry] });
export const countRefusal = (service: string, code: string): void => { refusals.inc({ service, code }); };

/** `/metrics` on a port of its own (api.md). Labels are codes and service names only. */
export function serveMetrics(port: number): Server {
  collectDefaultMetrics({ register: registry });
  return createServer((_request, response) => {
    void registry.metrics().then((text) => { response.setHeader('content-type', registry.contentType); response.end(text); });
  }).listen(port);
}
