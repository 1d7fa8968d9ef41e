import type { ContractEvent } from './event.js';

export interface PayloadSchema {
  readonly type: 'object';
  readonly additionalProperties: false;
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The body of an event as JSON Schema; the gate holds every event to the same declaration. */
export function payloadSchema({ data }: Pick<ContractEvent, 'data'>): PayloadSchema {
  const fields = Object.entries(data);
  return {
    type: 'object', additionalProperties: false,
    required: fields.filter(([, schema]) => !schema.optional).map(([name]) => name),
    properties: Object.fromEntries(fields.map(([name, schema]) => [name, schema.jsonSchema])),
  };
}
