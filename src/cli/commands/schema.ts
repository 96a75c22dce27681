import * as z from 'zod';
import { describeConfig } from '../../config/describe.ts';
import { UsageError } from '../../errors.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../../exit-codes.ts';
import { outputSchema } from '../render/output-schema.ts';

export const schema: Command = {
  name: 'schema',
  summary: 'print a JSON schema: of the configuration, of hook files, or of what --json prints',
  arguments: [
    {
      name: 'OF',
      presence: 'required',
      choices: ['config', 'cloud-init', 'cloud-config', 'output'],
      says: 'of the configuration, of hook files (in either form), or of the output of a command',
    },
    { name: 'COMMAND', presence: 'optional', says: 'for output: the command' },
  ],
  examples: [
    { says: 'for an editor', line: 'schema config > config.schema.json' },
    { says: 'completion for hook files', line: 'schema cloud-init > cloud-init.schema.json' },
    { says: 'for a script that reads status', line: 'schema output status' },
  ],
  output: z.json(),
  run: async ({ services }, { arguments: [of, name] }) => {
    const document =
      of === 'cloud-init' || of === 'cloud-config'
        ? await (await services()).hookFiles.schema(of)
        : of === 'config'
          ? describeConfig()
          : await schemaOfOutput(name);
    return {
      exit: EXIT.ok,
      document,
      text: JSON.stringify(document, null, 2),
      says: 'answer',
    };
  },
};

async function schemaOfOutput(name: string | undefined): Promise<Record<string, unknown>> {
  const { COMMANDS } = await import('../catalog.ts');
  const command = COMMANDS.find((one) => one.name === name && one.refused !== true);
  if (command !== undefined) return outputSchema(command);
  const names = COMMANDS.filter(({ refused }) => refused !== true).map((one) => one.name);
  throw new UsageError({
    code: 'command-unknown',
    message: name === undefined ? 'which command?' : `there is no output of "${name}"`,
    hint: `name one of ${names.join(', ')}`,
    exit: EXIT.usage,
  });
}
