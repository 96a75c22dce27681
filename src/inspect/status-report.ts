/** The machine in one screen: slots, what is unfinished, who judges boots, what to run next. */
import * as z from 'zod';
import { errorViewSchema } from './error-view.ts';
import { unfinished, type Unfinished } from '../engine/memory.ts';
import type { WayBack } from '../engine/way-back.ts';
import { historyRowSchema } from './history-row.ts';
import { historyRow, viewOf, type ReadSegment } from './history-rows.ts';
import { nextBootSchema, type NextBoot } from './next-boot.ts';
import { slotViewSchema, type SlotView } from './slot-view.ts';
import { rebootPending, slotViews, type SlotEvidence } from './slot-views.ts';

export const statusReportSchema = z.object({
  bootedFrom: z.enum(['active', 'passive', 'recovery', 'live', 'unknown']),
  slots: z.array(slotViewSchema),
  judge: z.object({
    kind: z.enum(['slotwright', 'elemental', 'none']),
    attemptsLeft: z.number().exactOptional().describe('boots before the fallback is taken'),
    reason: z.string().exactOptional().describe('why there is none'),
  }),
  nextBoot: nextBootSchema.describe('what the boot loader starts by itself, and why'),
  unfinished: z
    .object({
      id: z.string(),
      operation: z.string(),
      startedAt: z.string(),
      state: z.string().describe('state of its machine'),
      step: z.string().exactOptional().describe('the step it owes'),
      title: z.string().exactOptional(),
      phase: z.enum(['run', 'undo']).exactOptional(),
      position: z.object({ number: z.number(), of: z.number() }).exactOptional(),
      attempts: z.number().describe('starts of the owed step without a result'),
      canAbort: z.boolean().describe('false past the point of no return'),
      error: errorViewSchema.exactOptional(),
    })
    .exactOptional(),
  last: historyRowSchema.exactOptional().describe('the last finished operation'),
  warnings: z.array(z.string()),
  next: z.array(z.object({ command: z.string(), why: z.string() })),
});

export type StatusReport = z.infer<typeof statusReportSchema>;

export interface StatusInput {
  readonly evidence: SlotEvidence;
  /** Oldest first. */
  readonly segments: readonly ReadSegment[];
  readonly judge: StatusReport['judge'];
  readonly nextBoot: NextBoot;
  /** Whether what is owed can still be undone, as the disk shows. */
  readonly wayBack?: WayBack | undefined;
  /** Further things to tell: a foreign change, an exposed log, a file system that cannot be judged. */
  readonly warnings?: readonly string[];
}

/** What `status` shows. Pure: everything was observed before. */
export function statusReport({
  evidence,
  segments,
  judge,
  nextBoot,
  wayBack,
  warnings = [],
}: StatusInput): StatusReport {
  const slots = slotViews(evidence);
  const owed = unfinished({ segments }) ?? unfinished({ segments }, 'assessment');
  const done = segments.findLast(({ state }) => state?.completed !== undefined);
  const shown = owed === undefined ? undefined : unfinishedOf(owed, wayBack);
  const pending = rebootPending(slots);
  return {
    bootedFrom: evidence.device.bootedFrom,
    slots,
    judge,
    nextBoot,
    ...(shown === undefined ? {} : { unfinished: shown }),
    ...(done === undefined ? {} : { last: historyRow(done) }),
    warnings: [...warnings, ...slotWarnings(slots)],
    next: nextCommands({ unfinished: shown, pending, bootedFrom: evidence.device.bootedFrom }),
  };
}

function unfinishedOf(
  { id, operation, records, state }: Unfinished,
  wayBack: WayBack | undefined,
): StatusReport['unfinished'] {
  const { owed, context } = state;
  const { steps } = state.started.plan;
  const index = steps.findIndex(({ name }) => name === owed?.step);
  const step = steps[index];
  return {
    id,
    operation,
    startedAt: records[0]?.at ?? '',
    state: state.state,
    attempts: context.attempts[state.state] ?? 0,
    canAbort: wayBack !== undefined,
    ...(owed === undefined ? {} : { step: owed.step, phase: owed.phase }),
    ...(step === undefined
      ? {}
      : { title: step.title, position: { number: index + 1, of: steps.length } }),
    ...(context.failure === null ? {} : { error: viewOf(context.failure.error) }),
  };
}

function slotWarnings(slots: readonly SlotView[]): string[] {
  return slots.flatMap(({ slot, presence }) =>
    presence === 'missing' ? [`there is no ${slot} image`] : [],
  );
}

interface Situation {
  readonly unfinished: StatusReport['unfinished'];
  readonly pending: boolean;
  readonly bootedFrom: StatusReport['bootedFrom'];
}

function nextCommands({ unfinished, pending, bootedFrom }: Situation): StatusReport['next'] {
  if (unfinished !== undefined) {
    const place = unfinished.step ?? unfinished.state;
    return [
      { command: 'resume', why: `continue the ${unfinished.operation} at ${place}` },
      ...(unfinished.canAbort ? [{ command: 'abort', why: 'undo it' }] : []),
    ];
  }
  if (bootedFrom === 'passive') {
    return [
      { command: 'upgrade', why: 'replace the active image, which was not booted' },
      { command: 'rollback', why: 'make the running image the active one' },
    ];
  }
  return pending ? [{ command: 'reboot', why: 'start the active image' }] : [];
}
