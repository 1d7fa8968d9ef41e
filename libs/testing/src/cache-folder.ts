import { homedir, platform } from 'node:os';
import { join } from 'node:path';

/** Where fetched test servers stay for the next run: the user's own cache folder. */
export function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? (platform() === 'darwin' ? join(homedir(), 'Library', 'Caches') : platform() === 'win32' ? process.env['LOCALAPPDATA'] : undefined) ?? join(homedir(), '.cache');
  return join(base, 'footbridge-tests');
}
