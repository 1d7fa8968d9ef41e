import { register } from './register.js';
import { asCsv, asJson, asMarkdown } from './written.js';

/** `npm run -s privacy -- inventory [--json | --csv]`: the register of everything that is processed, for a data-protection impact assessment (DP-26). */
const [command, format, ...rest] = process.argv.slice(2);
const write = new Map([[undefined, asMarkdown], ['--json', asJson], ['--csv', asCsv]]).get(format);
if (command !== 'inventory' || !write || rest.length > 0) {
  process.stderr.write('Use: npm run -s privacy -- inventory [--json | --csv]\n');
  process.exitCode = 2;
} else {
  process.stdout.on('error', () => { process.exit(0); });
  process.stdout.write(`${write(register())}\n`);
}
