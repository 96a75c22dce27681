import * as z from 'zod';
import { comparisonSchema, compareOperations } from '../../inspect/compare.ts';
import { filtered, type HistoryFilter } from '../../inspect/history-filter.ts';
import { historyRowSchema, type HistoryRow } from '../../inspect/history-row.ts';
import { historyRows } from '../../inspect/history-rows.ts';
import type { LogReading } from '../../inspect/log-reading.ts';
import { momentAt, momentSchema } from '../../inspect/moment.ts';
import { operationNamed } from '../../inspect/operation-named.ts';
import { operationTimeline, timelineSchema } from '../../inspect/operation-timeline.ts';
import { describeEvent } from '../../inspect/describe-event.ts';
import { verdictOf, verdictSchema } from '../../inspect/verdict.ts';
import { absolutePath } from '../../config/image-source.ts';
import { EXIT } from '../../exit-codes.ts';
import {
  isGiven,
  textFlag,
  type Command,
  type CommandResult,
  type Context,
  type Invocation,
} from '../command.ts';
import { listenForStop } from '../interruption.ts';
import { comparisonText } from '../render/comparison.ts';
import { historyText } from '../render/history.ts';
import { momentText } from '../render/moment.ts';
import { moment } from '../render/quantity.ts';
import { timelineText } from '../render/timeline.ts';
import { verdictText } from '../render/verdict.ts';
import { printable } from '../render/width.ts';
import { FROM, fromOf } from '../shared-flags.ts';
import { misused } from '../usage-error.ts';

const OUTCOMES = historyRowSchema.shape.outcome.options;

export const history: Command = {
  name: 'history',
  summary: 'show what was done to this machine, or everything about one operation',
  description: [
    'Without anything: every operation, oldest first. With ID: what it did, record by record. With "diff A B": two operations side by side. Changes nothing, takes no lock, and may be run while an operation runs.',
    'A bundle (--export) is one file with every record, verifiable and without secrets: what hooks printed is left out unless --with-output is given, and what looks like a secret is masked everywhere. Read it anywhere with --from.',
    'Ends with 65 when a hook of the operation failed (of the last one, in the list), also where that stopped nothing.',
  ],
  arguments: [
    {
      name: 'ID',
      presence: 'any number',
      says: 'an id, the beginning of one, its number, or "last"; or "diff" and two of them',
    },
  ],
  flags: [
    { name: 'at', value: 'RECORD', says: 'the machine as it was right after this record' },
    { name: 'verify', says: 'check every hash and every transition, and say what they come to' },
    { name: 'follow', short: 'f', says: 'go on with new records as they come, until Ctrl-C' },
    { name: 'operation', value: 'NAME', says: 'only these operations: upgrade, reset, ...' },
    { name: 'outcome', value: 'OUTCOME', choices: OUTCOMES, says: 'only those that ended so' },
    { name: 'since', value: 'TIME', says: 'only from then on: 2026-03-01, 2026-03-01T12:00 (UTC)' },
    { name: 'last', value: 'NUMBER', says: 'only the newest so many' },
    { name: 'export', value: 'FILE', completes: 'file', says: 'write a bundle of the history' },
    { name: 'with-output', says: 'leave what hooks printed in the bundle' },
    FROM,
  ],
  examples: [
    { says: 'every operation', line: 'history' },
    { says: 'the last one, step by step', line: 'history last' },
    { says: 'with resources and every record', line: 'history last --debug' },
    { says: 'what was held and owed at a moment', line: 'history --at 57' },
    { says: 'why one upgrade went and another did not', line: 'history diff 4 7' },
    { says: 'what failed this year', line: 'history --outcome rolled-back --since 2026' },
    { says: 'watch an upgrade from another terminal', line: 'history --follow' },
    { says: 'send it to whoever can help', line: 'history --export machine.bundle' },
    { says: 'read it there', line: 'history last --from machine.bundle' },
  ],
  exits: ['statFile', 'outputExists', 'cloudInit', 'logDamaged', 'logForeign', 'interrupted'],
  output: z.union([
    z.object({ operations: z.array(historyRowSchema) }),
    timelineSchema,
    z.object({ moment: momentSchema }),
    z.object({ comparison: comparisonSchema }),
    z.object({ verdict: verdictSchema }),
    z.object({ bundle: z.string(), records: z.number() }),
    z.object({ followed: z.number().describe('records; each was printed on a line of its own') }),
  ]),
  run: async (context, invocation) => {
    const form = FORMS.find(({ when }) => when(invocation));
    return (form?.run ?? list)(context, invocation);
  },
};

type Form = (context: Context, invocation: Invocation) => Promise<CommandResult>;

/** The first that is asked for counts. */
const FORMS: readonly { readonly when: (asked: Invocation) => boolean; readonly run: Form }[] = [
  { when: (asked) => textFlag(asked, 'export') !== undefined, run: exportBundle },
  { when: (asked) => isGiven(asked, 'verify'), run: verify },
  { when: (asked) => isGiven(asked, 'follow'), run: follow },
  { when: (asked) => textFlag(asked, 'at') !== undefined, run: at },
  { when: (asked) => asked.arguments[0] === 'diff', run: diff },
  { when: (asked) => asked.arguments.length > 0, run: one },
];

async function list(context: Context, invocation: Invocation): Promise<CommandResult> {
  const { segments, remarks } = await read(context, invocation);
  const operations = [...filtered(historyRows(segments), filterOf(invocation))];
  const text = [historyText(operations, context.host.program), ...remarks.map(note)].join('\n');
  return { exit: exitOf(operations.at(-1)), document: { operations }, text, says: 'answer' };
}

async function one(context: Context, invocation: Invocation): Promise<CommandResult> {
  const [id = '', ...more] = invocation.arguments;
  if (more.length > 0) throw misused('history', 'ID', id, 'one operation, or "diff A B"');
  const { segments } = await read(context, invocation);
  const timeline = operationTimeline(operationNamed(segments, id));
  const text = timelineText(timeline, context.globals.debug ? 'everything' : 'outline');
  return { exit: exitOf(timeline), document: timeline, text, says: 'answer' };
}

async function at(context: Context, invocation: Invocation): Promise<CommandResult> {
  const asked = textFlag(invocation, 'at') ?? '';
  const { segments } = await read(context, invocation);
  const found = /^[0-9]{1,15}$/.test(asked) ? momentAt(segments, Number(asked)) : undefined;
  const [id] = invocation.arguments;
  const elsewhere = id !== undefined && operationNamed(segments, id).id !== found?.id;
  if (found === undefined || elsewhere) {
    const whose = id === undefined ? 'of this history' : `of operation ${id}`;
    throw misused(
      'history',
      '--at',
      asked,
      `the number of a record ${whose}: see "history ID --json"`,
    );
  }
  return { exit: EXIT.ok, document: { moment: found }, text: momentText(found), says: 'answer' };
}

async function diff(context: Context, invocation: Invocation): Promise<CommandResult> {
  const [, a, b, ...more] = invocation.arguments;
  if (a === undefined || b === undefined || more.length > 0) {
    throw misused('history', 'diff', invocation.arguments.slice(1).join(' '), 'two operations');
  }
  const { segments } = await read(context, invocation);
  const comparison = compareOperations(operationNamed(segments, a), operationNamed(segments, b));
  const text = comparisonText(comparison);
  return { exit: EXIT.ok, document: { comparison }, text, says: 'answer' };
}

async function verify(context: Context, invocation: Invocation): Promise<CommandResult> {
  const reading = await read(context, invocation);
  const verdict = verdictOf(reading);
  const strange = reading.segments.some(({ state }) => state === undefined);
  return {
    exit: strange ? EXIT.logForeign : EXIT.ok,
    document: { verdict },
    text: verdictText(verdict),
    says: 'answer',
  };
}

async function exportBundle(context: Context, invocation: Invocation): Promise<CommandResult> {
  const { host } = context;
  const file = absolutePath(textFlag(invocation, 'export') ?? '', host.directory);
  const { segments } = await read(context, invocation);
  const [id] = invocation.arguments;
  const asked = id === undefined ? segments : [operationNamed(segments, id)];
  const services = await context.services();
  await services.saveBundle(file, {
    segments: asked,
    madeAt: host.now(),
    hookOutput: isGiven(invocation, 'with-output') ? 'masked' : 'left out',
  });
  const records = asked.reduce((sum, segment) => sum + segment.records.length, 0);
  const text = `${records} records are in ${file}; read them with "${host.program} history --from ${file}"`;
  return { exit: EXIT.ok, document: { bundle: file, records }, text, says: 'summary' };
}

async function follow(context: Context, invocation: Invocation): Promise<CommandResult> {
  const { host, screen, globals } = context;
  const { segments } = await read(context, invocation);
  const [id] = invocation.arguments;
  const segment = id === undefined ? undefined : operationNamed(segments, id);
  const newest = Math.max(0, ...segments.map(({ records }) => records.at(-1)?.seq ?? 0));
  const after = segment === undefined ? newest : (segment.records[0]?.seq ?? 1) - 1;
  const stop = listenForStop(host, screen);
  const services = await context.services();
  let followed = 0;
  try {
    for await (const record of services.follow(fromOf(context, invocation), after, stop.signal)) {
      if (segment !== undefined && record.op !== segment.id) continue;
      followed += 1;
      const { text, level, output } = describeEvent(record.event);
      if (globals.json) screen.answer(JSON.stringify(record));
      else if (level !== 'detail' || globals.debug) {
        const line = `${moment(record.at)}  ${record.op.slice(0, 8)}  ${text}`;
        screen.answer(printable(output === undefined ? line : `${line}\n${output.trimEnd()}`));
      }
      if (segment !== undefined && record.event.type === 'operation.completed') break;
    }
  } finally {
    stop.end();
  }
  return { exit: stop.exit() ?? EXIT.ok, document: { followed }, text: '', says: 'summary' };
}

async function read(context: Context, invocation: Invocation): Promise<LogReading> {
  return (await context.services()).log(fromOf(context, invocation));
}

function filterOf(invocation: Invocation): HistoryFilter {
  const operation = textFlag(invocation, 'operation');
  const outcome = OUTCOMES.find((one) => one === textFlag(invocation, 'outcome'));
  const since = textFlag(invocation, 'since');
  const last = textFlag(invocation, 'last');
  if (since !== undefined && !/^\d{4}(-\d\d(-\d\d([T ]\d\d(:\d\d){0,2}Z?)?)?)?$/.test(since)) {
    throw misused('history', '--since', since, 'a time in UTC like 2026-03-01 or 2026-03-01T12:00');
  }
  if (last !== undefined && !/^[0-9]{1,9}$/.test(last)) {
    throw misused('history', '--last', last, 'a whole number');
  }
  return {
    ...(operation === undefined ? {} : { operation }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(since === undefined ? {} : { since: since.replace(' ', 'T') }),
    ...(last === undefined ? {} : { last: Number(last) }),
  };
}

const note = (remark: string): string => `note: ${printable(remark)}`;

/** An upgrade that is not strict succeeds whatever its hooks do: here a script finds out. */
function exitOf(row: HistoryRow | undefined): number {
  return (row?.failedHooks ?? 0) > 0 ? EXIT.cloudInit : EXIT.ok;
}
