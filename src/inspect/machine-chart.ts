/** A machine as plain data: what diagrams are drawn from. */
import * as z from 'zod';

export const machineChartSchema = z.object({
  name: z.string(),
  title: z.string(),
  initial: z.string(),
  states: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      kind: z.enum(['step', 'pivot', 'undo', 'final']),
    }),
  ),
  edges: z.array(z.object({ from: z.string(), to: z.string(), event: z.string() })),
  config: z.json().describe('XState configuration, as its own tools open it'),
});

export type MachineChart = z.infer<typeof machineChartSchema>;
