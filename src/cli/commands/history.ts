import * as z from 'zod';
import { historyRowSchema, type HistoryRow } from '../../inspect/history-row.ts';
import { timelineSchema } from '../../inspect/operation-timeline.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../../exit-codes.ts';
import { historyText } from '../render/history.ts';
import { timelineText } from '../render/timeline.ts';

export const history: Command = {
  name: 'history',
  summary: 'show what was done to this machine, or everything about one operation',
  description: [
    'Ends with 65 when a hook of the operation failed (of the last one, in the list), also where that stopped nothing.',
  ],
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
  exits: ['cloudInit', 'logDamaged', 'logForeign'],
  output: z.union([z.object({ operations: z.array(historyRowSchema) }), timelineSchema]),
  run: async ({ services, globals, host }, { arguments: [id] }) => {
    const from = await services();
    if (id === undefined) {
      const operations = await from.history();
      const text = historyText(operations, host.program);
      return { exit: exitOf(operations.at(-1)), document: { operations }, text, says: 'answer' };
    }
    const timeline = await from.historyOf(id);
    const text = timelineText(timeline, globals.debug ? 'everything' : 'outline');
    return { exit: exitOf(timeline), document: timeline, text, says: 'answer' };
  },
};

/** An upgrade that is not strict succeeds whatever its hooks do: here a script finds out. */
function exitOf(row: HistoryRow | undefined): number {
  return (row?.failedHooks ?? 0) > 0 ? EXIT.cloudInit : EXIT.ok;
}
