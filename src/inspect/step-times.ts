/** How long steps took on this machine before, from its own log. */
import * as z from 'zod';
import type { EventRecord, JsonValue } from '../../state/records.ts';
import { workingTimes } from './working-time.ts';

/** Steps that take as long as what they handle is big; what they come to tells the bytes. */
const BY_BYTES: ReadonlySet<string> = new Set(['deploy-image', 'unmount-target']);
/** Runs that count: the machine of today, not that of years ago. */
const LATEST = 5;

export interface StepTimes {
  /** Milliseconds to be expected; absent without history. */
  expect(of: {
    readonly operation: string;
    readonly step: string;
    readonly output: JsonValue;
  }): number | undefined;
}

interface Run {
  readonly operation: string;
  readonly step: string;
  readonly milliseconds: number;
  readonly bytes: number | undefined;
}

/** Of whole operations, oldest first. */
export function stepTimes(operations: readonly (readonly EventRecord[])[]): StepTimes {
  const runs = operations.flatMap(runsIn);
  return {
    expect({ operation, step, output }) {
      const same = runs.filter((run) => run.step === step);
      const bytes = bytesIn(output);
      if (BY_BYTES.has(step) && bytes !== undefined) {
        const rates = same.flatMap((run) =>
          run.bytes === undefined || run.bytes === 0 ? [] : [run.milliseconds / run.bytes],
        );
        const rate = middleOf(rates);
        return rate === undefined ? undefined : rate * bytes;
      }
      const alike = same.filter((run) => run.operation === operation);
      return middleOf(alike.map(({ milliseconds }) => milliseconds));
    },
  };
}

function runsIn(records: readonly EventRecord[]): readonly Run[] {
  const times = workingTimes(records);
  const first = records.find(({ event }) => event.type === 'operation.started')?.event;
  const operation = first?.type === 'operation.started' ? first.operation : '';
  return records.flatMap(({ event }, index) => {
    if (event.type !== 'step.completed' || event.how !== 'ran' || event.phase !== 'run') return [];
    const begun = records
      .slice(0, index)
      .findLastIndex(({ event: one }) => one.type === 'step.started' && one.step === event.step);
    if (begun === -1) return [];
    const milliseconds = (times[index] ?? 0) - (times[begun] ?? 0);
    return [{ operation, step: event.step, milliseconds, bytes: bytesIn(event.output) }];
  });
}

const sized = z.object({ bytes: z.number() });

function bytesIn(output: JsonValue): number | undefined {
  return sized.safeParse(output).data?.bytes;
}

function middleOf(values: readonly number[]): number | undefined {
  const latest = values.slice(-LATEST).sort((one, other) => one - other);
  return latest[Math.floor((latest.length - 1) / 2)];
}
