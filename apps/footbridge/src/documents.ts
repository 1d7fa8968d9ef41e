import { mkdirSync, writeFileSync } from 'node:fs';
import { catalogue } from '@footbridge/contracts';
import { describe, diagram, kebab } from '@footbridge/lifecycle';
import { services } from './services.js';

// `npm run docs`: what is generated from the tables and contracts. A spec compares it, so that it never lies.
mkdirSync('docs/states', { recursive: true });
for (const l of services.flatMap((s) => s.lifecycles)) {
  const rows = describe(l).transitions.map((t) => `| ${t.from} | ${t.command} | ${t.to} | ${t.by.join(', ')} | ${t.guards.join('; ')} | ${t.emits} |`);
  writeFileSync(`docs/states/${kebab(l.name)}.md`, `# ${l.name}\n\n\`\`\`mermaid\n${diagram(l)}\`\`\`\n\n| From | Command | To | Who | Guards | Emits |\n|---|---|---|---|---|---|\n${rows.join('\n')}\n`);
}
writeFileSync('docs/events.md', catalogue());
