import { isGiven, textFlag, type Command } from '../command.ts';
import { stageOutcomeSchema } from '../outcome.ts';
import { settingsFor } from '../settings.ts';
import { runStages } from '../stage.ts';

export const cloudInit: Command = {
  name: 'cloud-init',
  summary: 'run one stage of the given files',
  description: ['Runs exactly this stage, without .before and .after and without default paths.'],
  arguments: [
    {
      name: 'SOURCE',
      presence: 'at least one',
      says: 'a file, a directory, a URL, - for standard input, or YAML itself',
      completes: 'file',
    },
  ],
  flags: [
    { name: 'stage', short: 's', value: 'STAGE', says: 'stage to run (default: default)' },
    { name: 'dotnotation', short: 'd', says: 'sources are key=value texts' },
  ],
  examples: [
    { says: 'try a file', line: 'cloud-init --stage boot ./90-mine.yaml' },
    {
      says: 'one command without a file',
      line: `cloud-init -d -s boot 'stages.boot[0].commands[0]="echo hi"'`,
    },
  ],
  exits: ['readConfig', 'cloudInit'],
  output: stageOutcomeSchema,
  run: async (context, invocation) => {
    await settingsFor(context, invocation);
    const command = {
      stage: textFlag(invocation, 'stage') ?? 'default',
      sources: invocation.arguments,
      extraPaths: [],
      dotNotation: isGiven(invocation, 'dotnotation'),
    };
    return runStages(context, {
      strictness: 'strict',
      run: (services, hooks) => services.cloudInit(command, hooks),
    });
  },
};
