/**
 * What the environment block `grub_judgement_env` on COS_STATE says: GRUB counts in it, `assess-boot` clears it. One block is one
 * write, so what it says changes all at once (architecture, boot and judgement). Pure.
 */

/** Name of the block on COS_STATE. */
export const JUDGEMENT_BLOCK = 'grub_judgement_env';

/** GRUB spells the numbers out: more tries than this it cannot count. */
export const MOST_TRIES = 9;

export interface Judgement {
  /** UUID of the file system of the image on trial. */
  readonly image?: string;
  /** Automatic starts that GRUB may still make. */
  readonly triesLeft?: number;
  /** Operation that armed it. */
  readonly operation?: string;
  /** UUID of an image that failed its trial, or is replaced before it was confirmed: not started automatically as long as it is active. */
  readonly condemned?: string;
  /** What was said of the condemned image while it was on trial, until the image that is armed takes its place: undoing puts it back. */
  readonly before?: { readonly triesLeft: number; readonly operation: string };
}

export function readJudgement(variables: Readonly<Record<string, string>> = {}): Judgement {
  const { judge_image, judge_tries, judge_operation, judge_condemned } = variables;
  const tries = triesIn(judge_tries);
  const earlier = triesIn(variables['judge_before_tries']);
  return {
    ...(judge_image === undefined ? {} : { image: judge_image }),
    ...(tries === undefined ? {} : { triesLeft: tries }),
    ...(judge_operation === undefined ? {} : { operation: judge_operation }),
    ...(judge_condemned === undefined ? {} : { condemned: judge_condemned }),
    ...(earlier === undefined
      ? {}
      : {
          before: { triesLeft: earlier, operation: variables['judge_before_operation'] ?? '' },
        }),
  };
}

function triesIn(text: string | undefined): number | undefined {
  return /^[0-9]$/.test(text ?? '') ? Number(text) : undefined;
}

/** The variables that say exactly this; what is absent is unset. */
export function judgementVariables(judgement: Judgement): Readonly<Record<string, string>> {
  return {
    judge_image: judgement.image ?? '',
    judge_tries: judgement.triesLeft === undefined ? '' : String(judgement.triesLeft),
    judge_operation: judgement.operation ?? '',
    judge_condemned: judgement.condemned ?? '',
    judge_before_tries: judgement.before === undefined ? '' : String(judgement.before.triesLeft),
    judge_before_operation: judgement.before?.operation ?? '',
  };
}

/** What is said of one image. */
export function standingOf(
  judgement: Judgement,
  uuid: string | undefined,
): 'on-trial' | 'out-of-tries' | 'condemned' | 'not-judged' {
  if (uuid === undefined) return 'not-judged';
  if (judgement.condemned === uuid) return 'condemned';
  if (judgement.image !== uuid || judgement.triesLeft === undefined) return 'not-judged';
  return judgement.triesLeft === 0 ? 'out-of-tries' : 'on-trial';
}
