import type { Command } from '../command.ts';
import { stageOutcomeSchema } from '../outcome.ts';
import { settingsFor } from '../settings.ts';
import { STRICT } from '../shared-flags.ts';
import { runStages } from '../stage.ts';

export const runStage: Command = {
  name: 'run-stage',
  summary: 'run the hooks of a stage on the running system',
  description: [
    'Runs STAGE.before, STAGE and STAGE.after from the default directories, the configured ones and the kernel command line.',
  ],
  arguments: [
    { name: 'STAGE', presence: 'required', says: 'any name; boot runs fs, boot, network' },
  ],
  flags: [{ ...STRICT, says: 'exit with 65 when a hook fails' }],
  examples: [{ says: 'as a boot unit does', line: 'run-stage boot' }],
  exits: ['readConfig', 'cloudInit'],
  output: stageOutcomeSchema,
  run: async (context, invocation) => {
    const config = await settingsFor(context, invocation);
    const [stage = ''] = invocation.arguments;
    const command = { stage, extraPaths: config['cloud-init-paths'], dotNotation: false };
    return runStages(context, {
      strictness: config.strict ? 'strict' : 'lenient',
      run: (services, hooks) => services.runStage(command, hooks),
    });
  },
};
