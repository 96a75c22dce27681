import { planReportSchema } from '../../inspect/plan-report.ts';
import { UsageError } from '../../errors.ts';
import { EXIT } from '../../exit-codes.ts';
import type { Command } from '../command.ts';
import { ASKING_EXITS, CARRYING_OUT_EXITS } from '../image-operation.ts';

/** The operations that can be planned, by their commands. */
const PLANNED = [
  'upgrade',
  'upgrade-recovery',
  'rollback',
  'promote',
  'reset',
  'deploy',
  'install',
  'resume',
  'abort',
];

export const plan: Command = {
  name: 'plan',
  summary: 'say what an operation would do here, step by step, and change nothing',
  description: [
    'Takes the arguments and flags of the operation; "OPERATION --dry-run" is the same. The operation itself runs, by the same code, on what is only imagined of this machine: what it would be refused with is told with its exit code. Tells the effects of each step, the blocks it allocates, how long it took here before, and what a power cut in it leaves; and for the whole, the room on each file system and what boots next.',
    'Takes no lock, and writes to no disk. What hooks do is theirs, and not known: their files are named.',
  ],
  arguments: [
    { name: 'OPERATION', presence: 'required', choices: PLANNED, says: 'what would be done' },
    { name: 'ARGUMENT', presence: 'any number', says: 'arguments and flags of the operation' },
  ],
  examples: [
    { says: 'an upgrade', line: 'plan upgrade --system.uri dir:/mnt/new-root' },
    { says: 'what is left of one that was interrupted', line: 'plan resume' },
    { says: 'for a script', line: 'plan reset --reset-persistent --json' },
  ],
  changes: 'machine',
  exits: [...ASKING_EXITS, 'refused', ...CARRYING_OUT_EXITS],
  output: planReportSchema,
  // With an operation behind it, this is that operation: see `plan-words.ts`.
  run: async () => {
    throw new UsageError({
      code: 'plan-of-nothing',
      message: 'which operation is to be planned?',
      hint: `name one of ${PLANNED.join(', ')} right after "plan"`,
      exit: EXIT.usage,
    });
  },
};
