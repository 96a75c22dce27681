import type { Step } from '../step.ts';

/** Holds what the reference mounts for an upgrade; the engine does it, because this step needs it. */
export const openPartitions: Step = {
  name: 'open-partitions',
  title: 'Mount recovery, persistent and OEM',
  needs: ['partitions'],
  whenInterrupted: 'repeat',
  touches: () => [],
  run: async () => undefined,
};
