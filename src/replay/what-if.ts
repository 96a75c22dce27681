/** The same log, another fate from one record on: what would have become of the machine. Plain data. */
import * as z from 'zod';
import { upgradeRequest } from '../../machines/upgrade-request.ts';
import type { EventRecord } from '../../state/records.ts';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { describeEvent } from '../inspect/describe-event.ts';
import { errorViewSchema } from '../inspect/error-view.ts';
import { viewOf } from '../inspect/history-rows.ts';
import { judgeCut, type Before, type DiskFacts } from '../proof/laws.ts';
import { factsOf } from '../proof/simulated-facts.ts';
import { boot } from '../system/simulated/cold-machine.ts';
import { courseOf } from './course.ts';
import { FATES, MEANING, type Fate } from './fate.ts';
import { runAgain } from './run-again.ts';

export const whatIfSchema = z.object({
  seq: z.number(),
  fate: z.enum(FATES),
  means: z.string(),
  after: z.string().describe('what the record says'),
  then: z.array(z.string()).describe('what would have been recorded from there on'),
  processes: z.number().describe('that would have worked on it'),
  outcome: z.enum(['completed', 'rolled-back', 'unfinished']),
  recorded: z.enum(['completed', 'rolled-back', 'unfinished']).describe('how it really ended'),
  error: errorViewSchema.exactOptional(),
  boots: z.string().describe('what the machine would start next'),
  laws: z.array(z.string()).describe('laws that would be broken: none, if all is well'),
});

export type WhatIf = z.infer<typeof whatIfSchema>;

/** Of one operation; `seq` is one of its records. */
export async function whatIf(
  records: readonly EventRecord[],
  seq: number,
  fate: Fate,
): Promise<WhatIf> {
  const course = courseOf(records);
  const record = records.find((one) => one.seq === seq);
  const after = course.findLastIndex((one) => one.seq <= seq);
  if (record === undefined || after === -1) throw noSuchRecord(seq, records);
  const { start, ...rerun } = await runAgain(records, { after, what: fate });
  const booted = rerun.cold === undefined ? undefined : boot(rerun.cold);
  const before = expectationsOf(course, factsOf(start.cold), start.running);
  const broken = rerun.cold === undefined ? [] : judgeCut(factsOf(rerun.cold), before);
  const error = rerun.outcome?.error;
  return {
    seq,
    fate,
    means: MEANING[fate],
    after: describeEvent(record.event).text,
    then: rerun.course.slice(after + 1).map(({ event }) => describeEvent(event).text),
    processes: rerun.processes,
    outcome: outcomeOf(rerun.course),
    recorded: outcomeOf(course),
    ...(error === undefined ? {} : { error: viewOf(error) }),
    boots: booted === undefined ? 'nothing' : slotOf(booted.facts.commandLine),
    laws: broken.map(({ law, sentence }) => `law ${law}: ${sentence}`),
  };
}

/** What the user asked to lose is no loss. */
function expectationsOf(
  course: readonly EventRecord[],
  facts: DiskFacts,
  lastGood: string,
): Before {
  const started = course.find(({ event }) => event.type === 'operation.started')?.event;
  const request = started?.type === 'operation.started' ? started.request : null;
  const erase = upgradeRequest.safeParse(request).data?.erase ?? [];
  const places = erase.map((role) => (role === 'oem' ? '/oem/' : '/usr/local/'));
  const madeRoom = course.some(
    ({ event }) => event.type === 'step.started' && event.step === 'make-room',
  );
  return {
    facts,
    lastGood,
    hookFiles: Object.keys(facts.userData).filter((file) =>
      places.some((place) => file.startsWith(place)),
    ),
    ...(madeRoom ? { always: 'recovery', givenUp: ['active', 'passive'] } : {}),
  };
}

function outcomeOf(course: readonly EventRecord[]): WhatIf['outcome'] {
  const last = course.findLast(({ event }) => event.type === 'operation.completed')?.event;
  return last?.type === 'operation.completed' ? last.outcome : 'unfinished';
}

function slotOf(commandLine: string): string {
  return /cos-img\/filename=\/cOS\/(\w+)\./.exec(commandLine)?.[1] ?? 'a medium';
}

function noSuchRecord(seq: number, records: readonly EventRecord[]): UsageError {
  const [first, last] = [records[0]?.seq ?? 0, records.at(-1)?.seq ?? 0];
  return new UsageError({
    code: 'record-unknown',
    message: `record ${seq} is not one of this operation`,
    reason: `it has the records ${first} to ${last}`,
    hint: 'see "slotwright replay ID" for what each of them says',
    exit: EXIT.usage,
  });
}
