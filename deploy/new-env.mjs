// Writes .env for docker-compose.yml: new random secrets, readable by their owner only. It never touches one that is there.
import { randomBytes } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';

const names = [
  'POSTGRES_PASSWORD', 'KEYCLOAK_PASSWORD', 'KEYCLOAK_ADMIN_PASSWORD', 'FOOTBRIDGE_SECRET',
  ...['REFERRALS', 'SHELTERS', 'RETURNS', 'REINTEGRATION', 'NOTIFICATIONS'].flatMap((service) => [`${service}_OWNER_PASSWORD`, `${service}_APP_PASSWORD`]),
];
const path = process.argv[2] ?? '.env';
let file;
try {
  file = openSync(path, 'wx', 0o600);
} catch (error) {
  console.error(error.code === 'EEXIST' ? `${path} is already there: it holds this instance's secrets and stays as it is.` : `${path} cannot be written (${error.code}).`);
  process.exit(2);
}
writeSync(file, names.map((name) => `${name}=${randomBytes(32).toString('base64url')}\n`).join(''));
console.log(`${path} is written. Keep a copy in a safe place: without it the data cannot be opened again.`);
