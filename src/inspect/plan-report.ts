/** What an operation would do here, step by step, as it was imagined; and the room it would need. */
import * as z from 'zod';
import type { Plan } from '../../state/records.ts';
import { errorViewSchema, type ErrorView } from './error-view.ts';
import { nextBootSchema } from './next-boot.ts';
import type { NotedStep, PlanNotes } from './plan-notes.ts';
import { powerLossIn, powerLossSchema } from './power-loss.ts';
import type { StepTimes } from './step-times.ts';

const onFileSystem = z.object({ fileSystem: z.string(), bytes: z.number() });

const plannedStepSchema = z.object({
  operation: z.string(),
  name: z.string(),
  title: z.string(),
  phase: z.enum(['run', 'undo']),
  does: z.enum(['run', 'skip', 'fail']),
  reason: z.string().exactOptional().describe('why it would be skipped, or what it would fail at'),
  effects: z.array(z.string()).describe('one sentence each, in order'),
  writes: z
    .array(onFileSystem)
    .describe('blocks it would allocate; what is overwritten in its place allocates none'),
  changes: z
    .array(z.object({ fileSystem: z.string(), path: z.string() }))
    .describe('names that would lead to something else, from the top of their file system'),
  hooks: z
    .object({ stage: z.string(), files: z.array(z.string()) })
    .exactOptional()
    .describe('files that hooks of this stage would be read from; what they do is not known'),
  expectedMs: z.number().exactOptional().describe('by earlier operations of this machine'),
  powerLoss: powerLossSchema.exactOptional().describe('what a power cut in this step leaves'),
});

export type PlannedStepView = z.infer<typeof plannedStepSchema>;

export const planReportSchema = z.object({
  operation: z.string(),
  outcome: z.enum([
    'completed',
    'already-installed',
    'nothing-to-do',
    'rolled-back',
    'interrupted',
    'attention',
    'refused',
  ]),
  exit: z.number().describe('exit code of the command, and of the operation'),
  refusal: errorViewSchema
    .exactOptional()
    .describe('what the operation would be refused with, or fail at'),
  continues: z
    .string()
    .exactOptional()
    .describe('id of the unfinished operation that would be continued'),
  opening: z.array(z.string()).describe('what is done before the first step'),
  steps: z.array(plannedStepSchema),
  closing: z.array(z.string()).describe('what is done after the last step'),
  fileSystems: z.array(
    z.object({
      name: z.string(),
      device: z.string(),
      freeBytes: z.number().describe('now'),
      lowestFreeBytes: z.number().describe('while it works'),
      afterwardsFreeBytes: z.number(),
      writtenBytes: z.number().describe('blocks allocated, all steps together'),
      releasedBytes: z.number(),
      releasedByNextBootBytes: z
        .number()
        .describe('of the running system, whose image loses its name'),
    }),
  ),
  writtenBytes: z.number(),
  logBytes: z.number().describe('what the event log grows by, about; not part of the steps'),
  expectedMs: z.number().exactOptional().describe('absent while there is no history of a step'),
  nextBoot: nextBootSchema.exactOptional().describe('what the boot menu starts afterwards'),
  afterwards: z.enum(['reboot', 'poweroff']).exactOptional(),
});

export type PlanReport = z.infer<typeof planReportSchema>;

/** Room of a file system, before, at its lowest and at the end. */
interface Room {
  readonly name: string;
  readonly device: string;
  readonly freeBytes: number;
  readonly lowestFreeBytes: number;
  readonly nowFreeBytes: number;
}

export interface ImaginedRun {
  readonly operation: string;
  readonly outcome: PlanReport['outcome'];
  readonly exit: number;
  readonly error: ErrorView | undefined;
  readonly notes: PlanNotes;
  readonly plans: ReadonlyMap<string, Plan>;
  readonly times: StepTimes;
  readonly rooms: readonly Room[];
}

export function planReport(run: ImaginedRun): PlanReport {
  const { notes, exit, error } = run;
  const refused = exit !== 0;
  // What is undone after a failure leaves the machine as it is: the failure is what counts.
  const shown = notes.steps.filter(({ phase }) => !refused || phase === 'run');
  const steps = shown.map((step) => plannedStep(step, run));
  const working = steps.filter(({ does, phase }) => does === 'run' && phase === 'run');
  const expected = working.map(({ expectedMs }) => expectedMs);
  const known = expected.every((one) => one !== undefined) && expected.length > 0;
  return {
    operation: run.operation,
    outcome: run.outcome,
    exit,
    ...(refused && error !== undefined ? { refusal: error } : {}),
    ...(notes.resumed === undefined ? {} : { continues: notes.resumed }),
    opening: [...notes.opening],
    steps,
    closing: refused ? [] : [...notes.closing],
    fileSystems: run.rooms
      .filter((room) => isTouched(room, notes))
      .map((room) => {
        const { now = 0, later = 0 } = notes.returned.get(room.name) ?? {};
        return {
          name: room.name,
          device: room.device,
          freeBytes: room.freeBytes,
          lowestFreeBytes: room.lowestFreeBytes,
          afterwardsFreeBytes: room.nowFreeBytes,
          writtenBytes: notes.written.get(room.name) ?? 0,
          releasedBytes: now,
          releasedByNextBootBytes: later,
        };
      }),
    writtenBytes: [...notes.written.values()].reduce((sum, one) => sum + one, 0),
    logBytes: notes.recordedBytes,
    ...(known ? { expectedMs: expected.reduce((sum, one) => sum + one, 0) } : {}),
    ...(refused || notes.start === undefined
      ? {}
      : { nextBoot: nextBootSchema.parse(notes.start) }),
  };
}

function isTouched({ name }: Room, { written, returned }: PlanNotes): boolean {
  return written.has(name) || returned.has(name);
}

function plannedStep(step: NotedStep, { plans, times }: ImaginedRun): PlannedStepView {
  const plan = plans.get(step.operation);
  const planned = plan?.steps.find(({ name }) => name === step.step);
  const operation = plan?.operation ?? '';
  const expected =
    step.end === 'ran' && step.phase === 'run'
      ? times.expect({ operation, step: step.step, output: step.output })
      : undefined;
  const { before, after = before } = step;
  const boots = [
    ...new Set([before, after].flatMap((one) => (one === undefined ? [] : [one.says]))),
  ];
  return {
    operation,
    name: step.step,
    title: planned?.title ?? step.step,
    phase: step.phase,
    does: step.end === 'failed' ? 'fail' : step.end === 'skipped' ? 'skip' : 'run',
    ...(step.reason === undefined ? {} : { reason: step.reason }),
    effects: [...step.sentences],
    writes: [...step.took].map(([fileSystem, bytes]) => ({ fileSystem, bytes })),
    changes: [...step.changes],
    ...(step.hooks === undefined
      ? {}
      : { hooks: { stage: step.hooks.stage, files: [...step.hooks.files] } }),
    ...(expected === undefined ? {} : { expectedMs: Math.round(expected) }),
    ...(plan === undefined || planned === undefined || step.phase === 'undo' || step.end !== 'ran'
      ? {}
      : { powerLoss: powerLossIn(plan, planned, boots) }),
  };
}
