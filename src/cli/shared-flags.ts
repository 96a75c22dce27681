/** Flags of several commands, said once. */
import type { Flag } from './command.ts';

export const STRICT: Flag = {
  name: 'strict',
  says: 'a failing hook fails the operation',
  key: 'strict',
};

export const POWER: readonly Flag[] = [
  { name: 'reboot', says: 'reboot after success', key: 'reboot' },
  { name: 'poweroff', says: 'power off after success', key: 'poweroff' },
];
