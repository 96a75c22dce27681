/** Flags of every command. */
import type { GivenFlags } from '../config/flags.ts';
import type { Flag, GlobalOptions } from './command.ts';

export const GLOBAL_FLAGS: readonly Flag[] = [
  {
    name: 'config-dir',
    value: 'DIR',
    completes: 'directory',
    says: 'directory of config.yaml and config.d (default /etc/elemental)',
  },
  { name: 'debug', says: 'tell every event, where settings came from, and stack traces' },
  { name: 'logfile', value: 'FILE', completes: 'file', says: 'append everything to this file' },
  { name: 'quiet', says: 'no progress and no summary; errors are still told' },
  { name: 'json', says: 'print one JSON document on standard output' },
];

export function globalOptions(given: GivenFlags): GlobalOptions {
  const text = (name: string) => {
    const value = given[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    configDir: text('config-dir'),
    logfile: text('logfile'),
    debug: given['debug'] === true,
    quiet: given['quiet'] === true,
    json: given['json'] === true,
  };
}
