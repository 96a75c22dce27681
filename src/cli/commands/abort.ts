import type { Command } from '../command.ts';
import { runOperation } from '../operation.ts';
import { operationOutcomeSchema } from '../outcome.ts';
import { requireRoot } from '../root.ts';
import { DRY_RUN } from '../shared-flags.ts';

export const abort: Command = {
  name: 'abort',
  summary: 'undo what is unfinished',
  description: [
    'Possible until the new image takes its name; after that "rollback" goes back to the image before.',
  ],
  flags: [DRY_RUN],
  examples: [{ says: 'give up an interrupted upgrade', line: 'abort' }],
  changes: 'machine',
  exits: ['notRoot', 'locked', 'attention', 'refused'],
  output: operationOutcomeSchema,
  run: async (context, invocation) => {
    requireRoot(context);
    return runOperation(context, invocation, { run: (services, hooks) => services.abort(hooks) });
  },
};
