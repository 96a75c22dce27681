/** What a power cut inside a step leaves behind, read from the plan alone and from what the boot menu would find. */
import * as z from 'zod';
import { operationNamed } from '../../machines/catalog.ts';
import { isBeforePivot } from '../engine/operation-machine.ts';
import type { Plan, PlannedStep } from '../../state/records.ts';

export const powerLossSchema = z.object({
  boots: z
    .array(z.string())
    .describe('what may start then: a slot, and which system it holds; empty: nothing of the disk'),
  wayBack: z.boolean().describe('"abort" can still undo it'),
  whenInterrupted: z.string().describe('of the plan: what resuming does with this step'),
  says: z.string(),
});

export type PowerLoss = z.infer<typeof powerLossSchema>;

/** `boots`: what the menu would start before the step, and after it. */
export function powerLossIn(plan: Plan, step: PlannedStep, boots: readonly string[]): PowerLoss {
  const wayBack = isBeforePivot(plan, step.name);
  const { whenInterrupted } = step;
  const starts =
    boots.length === 0 ? 'nothing of this disk boots' : `the machine starts ${boots.join(' or ')}`;
  return {
    boots: [...boots],
    wayBack,
    whenInterrupted,
    says: `${starts}; ${afterwards(plan, step, wayBack)}`,
  };
}

function afterwards(plan: Plan, step: PlannedStep, wayBack: boolean): string {
  if (plan.operation === 'prepare-disk') return 'the same command again starts over';
  const resumes = `"resume" ${goesOn(step)}`;
  if (step.name === plan.pivot) return `${resumes}, or "abort" undoes it while that is not made`;
  if (!wayBack) return `${resumes}: from here on it only goes forward`;
  const only = operationNamed(plan.operation)?.onlyIn;
  const elsewhere = only === undefined ? '' : `; in another system than ${only} it is undone`;
  return `${resumes}, "abort" undoes it${elsewhere}`;
}

function goesOn({ whenInterrupted, discardTo }: PlannedStep): string {
  if (discardTo !== undefined) return `throws the new image away and makes it again (${discardTo})`;
  switch (whenInterrupted) {
    case 'probe':
      return 'looks at the disk and does what is left of this step';
    case 'once-per-attempt':
      return 'runs these hooks again, on top of what they did';
    default:
      return 'does this step again';
  }
}
