import * as z from 'zod';
import { absolutePath } from '../../config/image-source.ts';
import { EXIT } from '../../exit-codes.ts';
import type { ReadSegment } from '../../inspect/history-rows.ts';
import { operationNamed } from '../../inspect/operation-named.ts';
import { replayed, replayedSchema } from '../../inspect/transitions.ts';
import { againSchema } from '../../replay/again.ts';
import { FATES, MEANING, type Fate } from '../../replay/fate.ts';
import { whatIfSchema } from '../../replay/what-if.ts';
import {
  textFlag,
  type Command,
  type CommandResult,
  type Context,
  type Invocation,
} from '../command.ts';
import { replayText, whatIfText } from '../render/replay.ts';
import { FROM } from '../shared-flags.ts';
import { misused } from '../usage-error.ts';

const operationSchema = replayedSchema.extend({
  id: z.string(),
  operation: z.string(),
  again: againSchema.exactOptional().describe('carried out on a simulated machine'),
});

export type ReplayedOperation = z.infer<typeof operationSchema>;

export const replay: Command = {
  name: 'replay',
  summary: 'fold a log and show each transition, carry it out again, or give it another fate',
  description: [
    'Without effects: only the log is read. A record that this version follows to another state than the one it names is told, with its number.',
    '"--on simulated" makes a machine in memory like the one of the first record, puts it through everything that was recorded (faults, kills, power cuts, what carried it on) with the real engine and the real steps, and tells the first difference. Kept field logs become tests that way.',
    `"--what-if" does so up to one record and gives it another fate: ${FATES.map((fate) => `${fate} (${MEANING[fate]})`).join(', ')}. It then resumes until the operation is over, and says what the machine would start.`,
  ],
  arguments: [
    {
      name: 'ID',
      presence: 'any number',
      says: 'a log (a path with "/" or "."), an operation in it (default: all), or both in this order',
    },
  ],
  flags: [
    { name: 'until', value: 'RECORD', says: 'fold no further than this record' },
    {
      name: 'on',
      value: 'MACHINE',
      choices: ['simulated'],
      says: 'carry it out again and compare',
    },
    { name: 'what-if', value: 'FATE', says: 'RECORD:FATE, for instance 30:power' },
    FROM,
  ],
  examples: [
    { says: 'the last operation of this machine', line: 'replay last' },
    { says: 'a log from the field', line: 'replay ./machine.bundle --on simulated' },
    { says: 'had the power gone there', line: 'replay last --what-if 30:power' },
  ],
  exits: ['statFile', 'unsupported', 'logDamaged', 'logForeign', 'lawBroken'],
  output: z.union([
    z.object({ operations: z.array(operationSchema) }),
    z.object({ whatIf: whatIfSchema }),
  ]),
  run: async (context, invocation) => {
    const { from, id } = placeOf(context, invocation);
    const asked = textFlag(invocation, 'what-if');
    const { segments } = await (await context.services()).log(from);
    const chosen = id === undefined ? segments : [operationNamed(segments, id)];
    return asked === undefined ? fold(invocation, chosen) : ask(asked, chosen);
  },
};

async function fold(
  invocation: Invocation,
  segments: readonly ReadSegment[],
): Promise<CommandResult> {
  const until = numberOf('--until', textFlag(invocation, 'until'));
  const operations: ReplayedOperation[] = [];
  for (const { id, operation, records } of segments) {
    if (until !== undefined && (records[0]?.seq ?? 0) > until) continue;
    const told = { id, operation, ...replayed(records, until) };
    const again =
      textFlag(invocation, 'on') === undefined
        ? undefined
        : await (await import('../../replay/again.ts')).carriedOutAgain(records);
    operations.push(again === undefined ? told : { ...told, again });
  }
  const strange = operations.some(
    ({ error, again }) => error !== undefined || again?.difference !== undefined,
  );
  return {
    exit: strange ? EXIT.logForeign : EXIT.ok,
    document: { operations },
    text: operations.map(replayText).join('\n\n'),
    says: 'answer',
  };
}

async function ask(asked: string, segments: readonly ReadSegment[]): Promise<CommandResult> {
  const [, number, name] = /^ *([0-9]{1,15}) *: *([a-z]+) *$/.exec(asked) ?? [];
  const fate = FATES.find((one): one is Fate => one === name);
  if (number === undefined || fate === undefined) {
    throw misused('replay', '--what-if', asked, `RECORD:FATE, with one of ${FATES.join(', ')}`);
  }
  const seq = Number(number);
  const segment = segments.find(({ records }) => records.some((record) => record.seq === seq));
  if (segment === undefined) throw misused('replay', '--what-if', asked, recordsOf(segments));
  const { whatIf } = await import('../../replay/what-if.ts');
  const told = await whatIf(segment.records, seq, fate);
  return {
    exit: told.laws.length === 0 ? EXIT.ok : EXIT.lawBroken,
    document: { whatIf: told },
    text: whatIfText(told),
    says: 'answer',
  };
}

/** Which numbers there are to name. */
function recordsOf(segments: readonly ReadSegment[]): string {
  const records = segments.flatMap((segment) => segment.records);
  const [first, last] = [records[0], records.at(-1)];
  if (first === undefined || last === undefined) return 'a record of a history that has none';
  return `a record from ${first.seq} to ${last.seq}, and a fate`;
}

/** What has a slash or a dot in it is a path: ids have neither. */
function placeOf(
  { host }: Context,
  invocation: Invocation,
): { readonly from: string | undefined; readonly id: string | undefined } {
  const [first, ...rest] = invocation.arguments;
  const named = textFlag(invocation, 'from');
  const isPath = named === undefined && first !== undefined && /[/.]/.test(first);
  const from = isPath ? first : named;
  const [id, ...more] = isPath || first === undefined ? rest : [first, ...rest];
  if (more.length > 0) throw misused('replay', 'ID', more.join(' '), 'one log and one operation');
  return { from: from === undefined ? undefined : absolutePath(from, host.directory), id };
}

function numberOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw misused('replay', flag, text, 'the number of a record');
}
