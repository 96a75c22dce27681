/** One operation as its page and its pictures need it: timeline, chart with the path taken, moments, causes. Plain data. */
import * as z from 'zod';
import { operationMachine } from '../engine/operation-machine.ts';
import { causalChain, causalLinkSchema } from './causal-chain.ts';
import { chartOf } from './chart-of.ts';
import type { ReadSegment } from './history-rows.ts';
import { machineChartSchema } from './machine-chart.ts';
import { momentSchema, momentsOf } from './moment.ts';
import { operationTimeline, timelineSchema } from './operation-timeline.ts';
import { pathTaken, pathTakenSchema } from './path-taken.ts';

export const inspectionSchema = z.object({
  timeline: timelineSchema,
  chart: machineChartSchema,
  path: pathTakenSchema,
  moments: z.array(momentSchema).describe('one for each entry of the timeline'),
  chain: z.array(causalLinkSchema).describe('causes, the operation, consequences'),
});

export type Inspection = z.infer<typeof inspectionSchema>;

/** `undefined` for a segment whose operation never began. */
export function inspectionOf(
  segments: readonly ReadSegment[],
  segment: ReadSegment,
): Inspection | undefined {
  const path = pathTaken(segment);
  if (path === undefined || segment.state === undefined) return undefined;
  const { plan } = segment.state.started;
  return {
    timeline: operationTimeline(segment),
    chart: chartOf(operationMachine(plan), plan, plan.operation),
    path,
    moments: momentsOf(segments, segment),
    chain: causalChain(segments, segment),
  };
}
