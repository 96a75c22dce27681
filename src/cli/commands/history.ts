import * as z from 'zod';
import { historyRowSchema } from '../../inspect/history-row.ts';
import { timelineSchema } from '../../inspect/operation-timeline.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../../exit-codes.ts';
import { historyText } from '../render/history.ts';
import { timelineText } from '../render/timeline.ts';

export const history: Command = {
  name: 'history',
  summary: 'show what was done to this machine, or everything about one operation',
  arguments: [
    {
      name: 'ID',
      presence: 'optional',
      says: 'an id, the beginning of one, its number, or "last"',
    },
  ],
  examples: [
    { says: 'every operation', line: 'history' },
    { says: 'the last one, step by step', line: 'history last' },
    { says: 'with resources and every record', line: 'history last --debug' },
  ],
  exits: ['logDamaged', 'logForeign'],
  output: z.union([z.object({ operations: z.array(historyRowSchema) }), timelineSchema]),
  run: async ({ services, globals, host }, { arguments: [id] }) => {
    const from = await services();
    if (id === undefined) {
      const operations = await from.history();
      const text = historyText(operations, host.program);
      return { exit: EXIT.ok, document: { operations }, text, says: 'answer' };
    }
    const timeline = await from.historyOf(id);
    const text = timelineText(timeline, globals.debug ? 'everything' : 'outline');
    return { exit: EXIT.ok, document: timeline, text, says: 'answer' };
  },
};
