import { whySchema } from '../../inspect/why.ts';
import { EXIT } from '../../exit-codes.ts';
import type { Command } from '../command.ts';
import { whyText } from '../render/why.ts';

export const why: Command = {
  name: 'why',
  summary: 'say why this system runs, and what the next boot will start',
  description: ['Follows the log from this boot back to what caused it. Changes nothing.'],
  examples: [
    { says: 'after a machine came back in its fallback', line: 'why' },
    { says: 'for a monitor', line: 'why --json' },
  ],
  exits: ['logDamaged', 'logForeign'],
  output: whySchema,
  run: async ({ services }) => {
    const told = await (await services()).why();
    return { exit: EXIT.ok, document: told, text: whyText(told), says: 'answer' };
  },
};
