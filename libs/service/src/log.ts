import pino from 'pino';

const shape = { base: null, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'code' } as const;
let sink = pino({ ...shape, level: process.env['FOOTBRIDGE_LOG'] ?? (process.env['JEST_WORKER_ID'] ? 'silent' : 'warn') }, pino.destination(2));

/** Fields a log line may have. None can hold a personal value; there is no free text. */
export interface LogFields { readonly service?: string; readonly requestId?: string; readonly reason?: string; readonly count?: number; readonly port?: number; readonly type?: string; readonly handler?: string; readonly milliseconds?: number }
export const logFields = { service: 'open', requestId: 'operational', reason: 'operational', count: 'operational', port: 'operational', type: 'operational', handler: 'operational', milliseconds: 'operational' } as const satisfies Record<keyof LogFields, 'open' | 'operational'>;

/** Writes a code and allow-listed fields, nothing else. */
export function log(code: string, fields: LogFields = {}, level: 'info' | 'warn' | 'error' = 'warn'): void {
  sink[level](Object.fromEntries(Object.entries(fields).filter(([k]) => Object.hasOwn(logFields, k))), code);
}

/** Sends every line, whatever its level, to somebody who reads along; what it returns takes it back. */
export function logTo(destination: pino.DestinationStream): () => void {
  const before = sink;
  sink = pino({ ...shape, level: 'trace' }, destination);
  return () => { sink = before; };
}
