/** Flags of several commands, said once. */
import { absolutePath } from '../config/image-source.ts';
import { textFlag, type Context, type Flag, type Invocation } from './command.ts';

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

/** Of commands that read the log. */
export const FROM: Flag = {
  name: 'from',
  value: 'PATH',
  completes: 'file',
  says: 'another log than that of this machine: a copied directory, a segment (.jsonl), a bundle',
};

/** What it names; absent for this machine. */
export function fromOf({ host }: Context, invocation: Invocation): string | undefined {
  const from = textFlag(invocation, FROM.name);
  return from === undefined ? undefined : absolutePath(from, host.directory);
}

export const DRY_RUN: Flag = {
  name: 'dry-run',
  says: 'only say what it would do, as "plan" does; nothing is changed',
};
