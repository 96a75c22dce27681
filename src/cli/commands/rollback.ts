import { isGiven, type Command } from '../command.ts';
import { runOperation } from '../operation.ts';
import { operationOutcomeSchema } from '../outcome.ts';
import { powerAsked } from '../power.ts';
import { CARRYING_OUT_EXITS } from '../image-operation.ts';
import { requireRoot } from '../root.ts';
import { DRY_RUN, POWER } from '../shared-flags.ts';

export const rollback: Command = {
  name: 'rollback',
  summary: 'make the fallback image the one that boots next',
  description: [
    'Copies the passive image to the active slot, checked like an upgrade; the image that was active becomes the fallback. Booted from the fallback, only the active slot is replaced.',
  ],
  flags: [{ name: 'force', says: 'go on over an image on trial or judged bad' }, DRY_RUN, ...POWER],
  examples: [{ says: 'back to the image before, now', line: 'rollback --reboot' }],
  changes: 'machine',
  exits: ['notRoot', 'copyImage', 'refused', ...CARRYING_OUT_EXITS],
  output: operationOutcomeSchema,
  run: async (context, invocation) => {
    requireRoot(context);
    const request = { force: isGiven(invocation, 'force') };
    return runOperation(context, invocation, {
      run: (services, hooks) => services.rollback(request, hooks),
      power: powerAsked(invocation),
    });
  },
};

/** The same from the other side: what fell back stays where it is. */
export const promote: Command = {
  ...rollback,
  name: 'promote',
  summary: 'make the fallback system that runs the active one',
  description: [
    'Another name of "rollback", for machines that run their fallback: the active slot gets a copy of passive, and passive stays as it is.',
  ],
  examples: [{ says: 'stay with the system that the machine fell back to', line: 'promote' }],
};
