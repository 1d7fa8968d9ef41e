import { heldBack } from '@footbridge/messaging';
import { accessSchema } from './access-schema.js';
import { auditTree } from './audit/schema.js';
import { keysSchema } from './keys/schema.js';
import { sessionsEnd } from './keys/sessions-end.js';
import { countingLooks } from './looks.js';
import { endingReferences } from './reference-end.js';
import { restriction } from './restriction.js';
import { grants, secondWord, serviceSchema } from './schema.js';

/** What every service's schema holds today besides its aggregates: what `serviceSchema` and all its changes come to. */
export const newestSchema = (name: string): string => {
  const [owner, role] = [`${name}_owner`, `${name}_app`];
  return [serviceSchema(name, owner), secondWord(name), grants(name, role), keysSchema(name), auditTree(name, owner, role), accessSchema(), restriction(name), endingReferences(name, role), sessionsEnd(), countingLooks(), heldBack()].join('\n');
};
