import { retire, unretire } from '../retire.ts';
import type { Step } from '../step.ts';

/** Keeps the present system under a second name, durable before the pivot begins. */
export const retireActive: Step = {
  name: 'retire-active',
  title: 'Keep the present system',
  needs: ['partitions'],
  whenInterrupted: 'probe',
  run: async (context) => ({ ...(await retire(context)) }),
  undo: unretire,
};
