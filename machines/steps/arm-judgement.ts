import type { Step } from '../step.ts';

/** Recorded, and nothing else yet: no boot of the new image is counted, so nothing has to be disarmed (judge: none). */
export const armJudgement: Step = {
  name: 'arm-judgement',
  title: 'Arm the judgement of the next boot',
  needs: ['partitions'],
  whenInterrupted: 'probe',
  touches: () => [],
  run: async () => ({ judge: 'none', reason: 'this version does not count boots yet' }),
  undo: async () => undefined,
};
