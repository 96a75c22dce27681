import * as z from 'zod';
import { operationNamed } from '../../inspect/operation-named.ts';
import { whySchema } from '../../inspect/why.ts';
import { whyOperation, whyOperationSchema } from '../../inspect/why-operation.ts';
import { EXIT } from '../../exit-codes.ts';
import type { Command } from '../command.ts';
import { whyOperationText, whyText } from '../render/why.ts';
import { FROM, fromOf } from '../shared-flags.ts';
import { misused } from '../usage-error.ts';

export const why: Command = {
  name: 'why',
  summary: 'say why this system runs, what the next boot will start, or why an operation went so',
  description: [
    'Without ID: follows the log from this boot back to what caused it; says what the next boot starts, and what would be refused now. With ID: what caused that operation, where it was stopped and went on, why it started over or was undone, and what came of it. Changes nothing.',
  ],
  arguments: [
    {
      name: 'ID',
      presence: 'optional',
      says: 'an id, the beginning of one, its number, or "last"',
    },
  ],
  flags: [FROM],
  examples: [
    { says: 'after a machine came back in its fallback', line: 'why' },
    { says: 'why it started over, or was undone', line: 'why last' },
    { says: 'of a machine elsewhere', line: 'why last --from machine.bundle' },
    { says: 'for a monitor', line: 'why --json' },
  ],
  exits: ['statFile', 'logDamaged', 'logForeign'],
  output: z.union([whySchema, whyOperationSchema]),
  run: async (context, invocation) => {
    const services = await context.services();
    const from = fromOf(context, invocation);
    const [id] = invocation.arguments;
    if (id === undefined && from !== undefined) {
      throw misused('why', '--from', from, 'an operation as well: a copied log runs nothing');
    }
    if (id === undefined) {
      const told = await services.why();
      return { exit: EXIT.ok, document: told, text: whyText(told), says: 'answer' };
    }
    const { segments } = await services.log(from);
    const told = whyOperation(segments, operationNamed(segments, id));
    return { exit: EXIT.ok, document: told, text: whyOperationText(told), says: 'answer' };
  },
};
