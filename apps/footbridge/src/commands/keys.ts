import { Service } from '@footbridge/contracts';
import { auditSigner, isReceipt, type SignedErasureReceipt, type VerifyingKey } from '@footbridge/privacy';
import { keySettings, keyStoresOf } from '@footbridge/service';
import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { expectOk, type Connection } from '../connection.js';
import { Refusal } from '../refusal.js';
import type { Surroundings } from './accounts.js';

const as = (): Option => new Option('--as <account>', 'in the name of this demonstration account (default: FOOTBRIDGE_ACCOUNT)');
interface As { readonly as?: string }
type Row = Readonly<Record<string, unknown>>;
const itemsOf = ({ items }: Row): readonly Row[] => (Array.isArray(items) ? items as Row[] : []);

/** `keys`, `panic`, `approve`, `receipts`: what an organisation's own people do with its keys. Who only runs the servers is refused (DP-18). */
export function keyCommands(program: Command, { folder, environment, say, connect }: Surroundings): void {
  const waits = ({ approval, state, expiresAt }: Row): void => {
    if (typeof approval === 'string' && state === 'waiting') say(`A second person gives the word until ${String(expiresAt)}: npm run footbridge -- approve ${approval}`);
    else say(String(state));
  };
  const keys = program.command('keys').description('The keys of your organisation (PARTNER_ADMIN, DPO)');
  keys.command('show').description('Versions, and how many cases hang on each, service by service').addOption(as()).action(async ({ as: who }: As) => {
    const connection = await connect(who);
    for (const service of Service.values) {
      const { current, kept, locked, wrapped, rewrapped } = expectOk(await connection.send('GET', `/v1/${service}-keys`));
      const cases = Array.isArray(wrapped) ? (wrapped as Row[]).map(({ version, cases: n }) => `${String(n)} under ${String(version)}`).join(', ') : '';
      say(`${service.padEnd(14)} ${current === null ? 'no key yet' : `version ${String(current)} of ${String(kept)}`}; cases: ${cases || 'none'}${rewrapped === true ? '' : '; still wrapping anew'}${locked === true ? '; LOCKED' : ''}`);
    }
  });
  keys.command('rotate').description('A new version; what hangs on the old one is wrapped anew meanwhile').addOption(as())
    .action(async ({ as: who }: As) => { waits(expectOk(await (await connect(who)).send('POST', '/v1/key-rotations', {}))); });
  keys.command('destroy').description('This version and every older one, for good').argument('<version>', 'as keys show says', (text) => {
    if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be the number of a version.');
    return Number(text);
  }).option('--force', 'before the backups that need it are gone').addOption(as())
    .action(async (version: number, { as: who, force }: As & { readonly force?: true }) => {
      const connection = await connect(who);
      const found = itemsOf(expectOk(await connection.send('GET', '/v1/key-rotations?limit=100'))).find(({ keyVersion }) => keyVersion === version + 1);
      if (!found) throw new Refusal(`No change of key has put an end to version ${version}. Look with keys show; rotate first.`);
      waits(expectOk(await connection.send('POST', `/v1/key-rotations/${String(found['id'])}/destroy-old`, force ? { force } : {})));
    });
  keys.command('sign-anew').description('Another key for a service to sign its audit and receipts with, where the folder of keys is (who runs the servers)').addArgument(new Argument('<service>', 'whose').choices(Service.values))
    .action(async (service: Service) => {
      const version = await keyStoresOf(keySettings(environment), environment['KEYS_DIR'] || folder.keys).signingKeys.rotate(auditSigner(service));
      say(`${service} signs with version ${version} from now on. What a lost key has signed is verified by nobody any more: tell those who keep the roots of its audit.`);
    });
  program.command('approve').description('A second person\'s word on a step that waits for one').argument('<approval>', 'as it was said to whoever asked').addOption(as())
    .action(async (approval: string, { as: who }: As) => { waits(expectOk(await (await connect(who)).send('POST', `/v1/approvals/${encodeURIComponent(approval)}/approve`))); });

  const panic = program.command('panic').description('Somebody is at the door: your organisation\'s keys');
  panic.command('lock').description('Locks them at once, in all services').addOption(as()).action(async ({ as: who }: As) => {
    expectOk(await (await connect(who)).send('POST', '/v1/panic-locks', {}));
    say('Locked. Two persons, SUPERVISOR or DPO, unlock: npm run footbridge -- panic unlock');
    say('Everybody of your organisation signs in again, on every device: what was signed in until now is refused.');
  });
  panic.command('unlock').description('Asks for it (SUPERVISOR, DPO); a second one approves').addOption(as()).action(async ({ as: who }: As) => {
    const connection = await connect(who);
    const [locked] = itemsOf(expectOk(await connection.send('GET', '/v1/panic-locks?state=locked')));
    if (!locked) throw new Refusal('Nothing is locked.');
    waits(expectOk(await connection.send('POST', `/v1/panic-locks/${String(locked['id'])}/unlock-keys`, {})));
  });

  program.command('receipts').description('Of an erased case: which service has destroyed its keys, and whether it really said so (DPO)').argument('<case>', 'cas_…').addOption(as())
    .action(async (of: string, { as: who }: As) => { for (const line of await receiptsOf(await connect(who), of)) say(line); });
}

async function receiptsOf(connection: Connection, of: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const service of Service.values) {
    const answer = expectOk(await connection.send('GET', `/v1/${service}-erasure-receipts?case=${encodeURIComponent(of)}`));
    const known = (Array.isArray(answer['keys']) ? answer['keys'] : []) as VerifyingKey[];
    const [receipt] = itemsOf(answer) as unknown as SignedErasureReceipt[];
    lines.push(`${service.padEnd(14)} ${receipt ? `${receipt.erasedAt}  ${isReceipt(known, receipt) ? 'verified' : 'NOT VERIFIED'}  ${JSON.stringify(receipt)}` : 'no receipt'}`);
  }
  return lines;
}
