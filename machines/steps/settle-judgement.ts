import { MOST_TRIES, type Judgement } from '../../src/boot/judgement.ts';
import { assessRequestOf, type AssessRequest } from '../assess-request.ts';
import { judgementOn, writeJudgement } from '../judgement.ts';
import type { Step } from '../step.ts';

/** Tells the boot loader what this boot has shown. One write of one block, which says the same however often it is made. */
export const settleJudgement: Step = {
  name: 'settle-judgement',
  title: 'Settle the judgement',
  needs: [],
  whenInterrupted: 'probe',

  async run(context) {
    const request = assessRequestOf(context);
    const { id, image, upgrade } = request;
    const judgement = await judgementOn(context.system, context.device);
    // Armed for another image meanwhile: what this boot showed is no longer asked for.
    const asked = [undefined, image].includes(judgement.image) || judgement.condemned === image;
    if (asked) await writeJudgement(context, settled(request, judgement));
    return {
      verdict: VERDICTS[request.finding],
      image,
      ...(id === undefined ? {} : { id }),
      ...(upgrade === undefined ? {} : { upgrade }),
    };
  },
};

const VERDICTS = {
  'on-trial': 'confirmed',
  'given-up': 'confirmed',
  'fell-back': 'condemned',
  'by-hand': 'given-back',
} as const satisfies Record<AssessRequest['finding'], string>;

function settled({ finding, image, triesLeft, upgrade }: AssessRequest, now: Judgement): Judgement {
  switch (finding) {
    case 'on-trial':
    case 'given-up':
      // Good: what is said of another image, which is to take its place, stays.
      return now.image === undefined || now.image === image ? {} : withoutCondemned(now);
    case 'fell-back':
      return { condemned: image };
    case 'by-hand':
      return {
        ...now,
        image,
        // The start that this boot was counted as, once: what the first record says, not what the block says now.
        triesLeft: Math.min(triesLeft + 1, MOST_TRIES),
        ...(upgrade === undefined ? {} : { operation: upgrade }),
      };
  }
}

function withoutCondemned({ image, triesLeft, operation }: Judgement): Judgement {
  return {
    ...(image === undefined ? {} : { image }),
    ...(triesLeft === undefined ? {} : { triesLeft }),
    ...(operation === undefined ? {} : { operation }),
  };
}
