import { isGiven, textFlag, type Command } from '../command.ts';
import { runOperation } from '../operation.ts';
import { operationOutcomeSchema } from '../outcome.ts';
import { powerAsked } from '../power.ts';
import { requireRoot } from '../root.ts';
import type { ResumeRequest } from '../services.ts';
import { DRY_RUN, POWER } from '../shared-flags.ts';

export const resume: Command = {
  name: 'resume',
  summary: 'continue what was interrupted, from the step it owes',
  description: [
    'Safe to run at any time: with nothing unfinished it only puts right what a killed process left behind. The boot units run it with --boot.',
  ],
  flags: [
    {
      name: 'boot',
      value: 'WHEN',
      choices: ['early', 'network'],
      says: 'as started by a boot unit: early does only what needs no network',
    },
    { name: 'force', says: 'try a step once more that was given up' },
    DRY_RUN,
    ...POWER,
  ],
  examples: [
    { says: 'after a power cut', line: 'resume' },
    { says: 'once more, after removing what was in the way', line: 'resume --force' },
  ],
  changes: 'machine',
  exits: ['notRoot', 'locked', 'attention', 'logDamaged', 'logForeign'],
  output: operationOutcomeSchema,
  run: async (context, invocation) => {
    requireRoot(context);
    const boot = textFlag(invocation, 'boot');
    const when: ResumeRequest['when'] = boot === 'early' || boot === 'network' ? boot : 'now';
    const request = { when, force: isGiven(invocation, 'force') };
    return runOperation(context, invocation, {
      run: (services, hooks) => services.resume(request, hooks),
      power: powerAsked(invocation),
    });
  },
};
