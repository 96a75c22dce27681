/** The steps that run hooks. Their effects are the user's: they cannot be undone, only spoiled with the target or told. */
import { ConfigError } from '../../src/errors.ts';
import type { StageResult } from '../../src/system/port.ts';
import type { JsonValue } from '../../state/records.ts';
import { WORKING_TREE } from '../resources/target.ts';
import { placeOf, type Step, type StepContext } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';

export interface StageStep {
  readonly name: string;
  readonly title: string;
  readonly stage: string;
  readonly needs: readonly string[];
  readonly whenInterrupted: Step['whenInterrupted'];
  readonly onFailure?: Step['onFailure'];
  /** `chroot`: inside the new image. `host`: in the running system. */
  readonly where: 'chroot' | 'host';
  /** Exit code when it fails and hooks are strict (spec 4.1). */
  readonly exit: number;
}

export function stageStep(declared: StageStep): Step {
  const { name, title, needs, whenInterrupted, onFailure } = declared;
  return {
    name,
    title,
    needs,
    whenInterrupted,
    ...(onFailure === undefined ? {} : { onFailure }),
    run: async (context) => runStage(declared, context),
    touches: (context) => reachOfHooks(declared, context),
  };
}

/** Everything of ours that a hook can write into: its effects are durable before its stage counts as done. */
function reachOfHooks({ needs }: StageStep, { device }: StepContext): readonly string[] {
  const places = (['state', 'recovery', 'oem', 'persistent'] as const).map((role) =>
    placeOf(device, role),
  );
  return [...places, needs.includes('target') ? WORKING_TREE : undefined].filter(
    (place) => place !== undefined,
  );
}

async function runStage(declared: StageStep, context: StepContext): Promise<JsonValue> {
  const request = requestOf(context);
  const result = await context.system.stages.run({
    stage: declared.stage,
    ...(declared.where === 'chroot' ? { root: WORKING_TREE } : {}),
    extraPaths: request.extraPaths,
    environment: {
      ELEMENTAL_OPERATION: context.operation,
      ELEMENTAL_STAGE: declared.stage,
      ELEMENTAL_ROOT: declared.where === 'chroot' ? '/' : WORKING_TREE,
      ELEMENTAL_SOURCE: request.source.uri,
      SLOTWRIGHT_ID: context.id,
    },
    signal: context.signal,
    emit: context.emit,
    show: context.show,
  });
  if (result.failures.length > 0 && (request.strict || declared.onFailure === 'report')) {
    throw hookFailure(declared, result);
  }
  return { ...result };
}

function hookFailure({ stage, exit }: StageStep, { failures }: StageResult): ConfigError {
  const [first = '', ...others] = failures;
  return new ConfigError({
    code: 'hook-failed',
    message: `a hook of stage ${stage} failed: ${first}`,
    ...(others.length === 0 ? {} : { reason: `and ${others.length} more: ${others.join('; ')}` }),
    hint: 'correct the file and run the command again; "slotwright history" shows the output of every hook',
    exit,
  });
}
