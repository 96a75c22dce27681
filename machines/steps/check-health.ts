import { SystemError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import { assessRequestOf } from '../assess-request.ts';
import type { Step } from '../step.ts';

/** Asks the running system whether it is well. When it is not, the boot ends without a confirmation, which has used up a try. */
export const checkHealth: Step = {
  name: 'check-health',
  title: 'Check the health of the running system',
  needs: [],
  whenInterrupted: 'repeat',
  touches: () => [],

  skip(context) {
    const { finding, by } = assessRequestOf(context);
    if (finding === 'fell-back' || finding === 'by-hand') {
      return 'the image on trial is not what runs';
    }
    return by === 'hand' ? 'confirmed by hand' : undefined;
  },

  async run(context) {
    const { units, timeoutMs, triesLeft } = assessRequestOf(context);
    const results = await context.system.health.check(
      { units, timeoutMs },
      { signal: context.signal },
    );
    const unwell = results.filter(({ healthy }) => !healthy);
    if (unwell.length === 0) return { checks: results.map((result) => ({ ...result })) };
    const [first] = unwell;
    throw new SystemError({
      code: 'unhealthy',
      message: unwell.map(({ check }) => `health check ${check} failed`).join(', '),
      ...(first === undefined ? {} : { reason: first.said }),
      hint:
        triesLeft === 0
          ? 'the next boot starts the passive image'
          : `the next boot tries the image again (${triesLeft} left)`,
      exit: EXIT.unhealthy,
    });
  },
};
