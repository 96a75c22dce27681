import { homedir } from 'node:os';
import { join } from 'node:path';

/** Folder of what is slow to fetch or to make, shared by all checkouts of this user. */
export function cacheFolder(): string {
  const caches = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return process.env['SLOTWRIGHT_CACHE'] ?? join(caches, 'slotwright');
}
