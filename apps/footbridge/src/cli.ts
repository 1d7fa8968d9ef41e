import { command } from './command.js';

// whoever reads the output may stop reading (`| head`)
process.stdout.on('error', () => { process.exit(0); });
process.exitCode = await command(process.argv.slice(2), process.env, {
  say: (line) => { process.stdout.write(`${line}\n`); },
  complain: (line) => { process.stderr.write(`${line}\n`); },
});
