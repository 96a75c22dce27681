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
  /** UUID of an image that failed its trial: not started automatically as long as it is the active one. */
  readonly condemned?: string;
}

export function readJudgement(variables: Readonly<Record<string, string>> = {}): Judgement {
  const { judge_image, judge_tries, judge_operation, judge_condemned } = variables;
  const tries = /^[0-9]$/.test(judge_tries ?? '') ? Number(judge_tries) : undefined;
  return {
    ...(judge_image === undefined ? {} : { image: judge_image }),
    ...(tries === undefined ? {} : { triesLeft: tries }),
    ...(judge_operation === undefined ? {} : { operation: judge_operation }),
    ...(judge_condemned === undefined ? {} : { condemned: judge_condemned }),
  };
}

/** The variables that say exactly this; what is absent is unset. */
export function judgementVariables(judgement: Judgement): Readonly<Record<string, string>> {
  return {
    judge_image: judgement.image ?? '',
    judge_tries: judgement.triesLeft === undefined ? '' : String(judgement.triesLeft),
    judge_operation: judgement.operation ?? '',
    judge_condemned: judgement.condemned ?? '',
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
