import { writeFileSync } from 'node:fs';
import { services } from '../services.js';
import { breaks, migrationsOf, releasedFile, releasedOf, written } from './released-schema.js';

/** `npm run schema:release`: new migrations are written down, and from then on never change. */
for (const service of services) {
  const before = releasedOf(service.name);
  const now = await migrationsOf(service);
  const after = [...before, ...now.filter(({ name }) => !before.some((m) => m.name === name))];
  const problems = breaks(after, now);
  if (problems.length > 0) {
    process.stderr.write(`${service.name}: ${problems.join('\n')}\n`);
    process.exitCode = 2;
  } else {
    writeFileSync(releasedFile(service.name), written(after));
    process.stdout.write(`${service.name}: ${after.length - before.length} new, ${after.length} released.\n`);
  }
}
