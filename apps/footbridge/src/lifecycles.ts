import { describe } from '@footbridge/lifecycle';
import { services } from './services.js';

/** `npm run -s lifecycles`: every table as JSON. Guards whose aggregate does not exist yet are under "pendingGuards". */
const tables = services.flatMap((s) => s.lifecycles.map(describe));
process.stdout.write(`${JSON.stringify(tables, null, 2)}\n`);
