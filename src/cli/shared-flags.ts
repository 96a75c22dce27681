/** Flags of several commands, said once. */
import type { Flag } from './command.ts';

export const STRICT: Flag = {
  name: 'strict',
  says: 'a failing hook fails the operation',
  key: 'strict',
};

export const POWER: readonly Flag[] = [
  { name: 'reboot', says: 'reboot after success' },
  { name: 'poweroff', says: 'power off after success' },
];

/** The same two for commands that read the configuration. */
export const CONFIGURED_POWER: readonly Flag[] = POWER.map((flag) => ({ ...flag, key: flag.name }));
