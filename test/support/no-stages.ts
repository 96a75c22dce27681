import type { StagesPort } from '../../src/system/port.ts';

/** For tests of what has no hooks. */
export const noStages: StagesPort = {
  run: async () => ({ stepsRun: 0, stepsSkipped: 0, failures: [] }),
  files: async () => [],
};
