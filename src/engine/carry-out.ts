/** Begins an operation, or goes on with one, and says how it ended: the only callers of the runner. */
import { operationNamed } from '../../machines/catalog.ts';
import { standingOfActive } from '../../machines/judgement.ts';
import { lookAtSlots, slotPath } from '../../machines/slots.ts';
import { planOf, type Operation } from '../../machines/step.ts';
import type { JsonValue } from '../../state/records.ts';
import type { RegistryOperation } from '../../state/registry-schema.ts';
import * as z from 'zod';
import { EXIT } from '../exit-codes.ts';
import { SlotwrightError, type RecordedError } from '../errors.ts';
import type { HookFile } from '../system/port.ts';
import { foldOperation, type OperationState } from './fold.ts';
import { hookFailures } from './hook-failures.ts';
import { noteStrangers, takeInventory } from './inventory.ts';
import type { Controls, Machinery, Outcome } from './machinery.ts';
import { registryOf, type Unfinished } from './memory.ts';
import { run, type Observer, type RunEnd } from './runner.ts';
import { isTurnedBack } from './operation-machine.ts';
import { readAgain, type Session } from './session.ts';
import type { WayBack } from './way-back.ts';

/** What an operation is begun with. */
export interface Beginning {
  readonly operation: Operation;
  readonly request: object;
  readonly key: string;
  readonly hooks: readonly HookFile[];
  /** Names of the steps to plan; all when absent. */
  readonly only: readonly string[] | undefined;
  /** Operation that caused this one. */
  readonly cause?: string | undefined;
}

export async function begin(
  machinery: Machinery,
  session: Session,
  { operation, request, key, hooks, only, cause }: Beginning,
  controls: Controls,
): Promise<Outcome> {
  const { store } = session;
  const id = machinery.ids.next();
  const { segment } = await store.begin(operation.name, id);
  const inventory = await takeInventory(machinery, session, hooks);
  await store.append({
    type: 'operation.started',
    operation: operation.name,
    plan: planOf(operation, only),
    request: json(request),
    key,
    tool: machinery.tool,
    inventory,
    stateWas: session.stateWas,
    ...(cause === undefined ? {} : { cause }),
  });
  await noteStrangers(session, inventory);
  const state = foldOperation(await store.read(segment));
  if (state === undefined) throw new Error(`segment ${segment} has no first record`);
  return conclude(machinery, session, operation, state, hooks, controls, false);
}

export async function carryOn(
  machinery: Machinery,
  session: Session,
  owed: Unfinished,
  controls: Controls,
  attempts: 'counted' | 'once-more' = 'counted',
): Promise<Outcome> {
  const operation = knownOperation(owed);
  const hooks = await machinery.system.stages.files(extraPathsOf(owed.state.started.request));
  await session.store.continue(owed.segment);
  await session.store.append({
    type: 'operation.resumed',
    tool: machinery.tool,
    inventory: await takeInventory(machinery, session, hooks),
  });
  if (attempts === 'once-more') {
    await session.store.append({
      type: 'operation.interrupted',
      reason: 'one more try was asked for',
    });
  }
  const state = foldOperation(await session.store.read(owed.segment)) ?? owed.state;
  return conclude(machinery, session, operation, state, hooks, controls, true);
}

/**
 * What is owed is asked for again. What was turned back meanwhile is undone to its end, and then done as it is asked for: `anew` gets the
 * session as it is then.
 */
export async function carryOnAsked(
  machinery: Machinery,
  session: Session,
  owed: Unfinished,
  controls: Controls,
  anew: (session: Session) => Promise<Outcome>,
): Promise<Outcome> {
  const turnedBack = isTurnedBack(owed.state.state);
  const outcome = await carryOn(machinery, session, owed, controls);
  return turnedBack && outcome.outcome === 'rolled-back' ? anew(await readAgain(session)) : outcome;
}

/** Turns an unfinished operation back, and reads it again. */
export async function undoing(
  session: Session,
  owed: Unfinished,
  reason: string,
  pivot: WayBack = 'not-begun',
): Promise<Unfinished> {
  await session.store.continue(owed.segment);
  await session.store.append({
    type: 'rollback.requested',
    by: 'abort',
    reason,
    ...(pivot === 'not-made' ? { pivot } : {}),
  });
  const records = await session.store.read(owed.segment);
  return { ...owed, records, state: foldOperation(records) ?? owed.state };
}

export async function nothingToDo(
  machinery: Machinery,
  session: Session,
  operation = 'resume',
): Promise<Outcome> {
  return {
    operation,
    outcome: 'nothing-to-do',
    exit: EXIT.ok,
    reported: [],
    resumed: false,
    ...(await surroundings(machinery, session)),
  };
}

export async function already(
  machinery: Machinery,
  session: Session,
  { id, operation }: Pick<RegistryOperation, 'id' | 'operation'>,
): Promise<Outcome> {
  return {
    id,
    operation,
    outcome: 'already-installed',
    exit: EXIT.ok,
    reported: [],
    resumed: false,
    ...(await surroundings(machinery, session)),
  };
}

export function keyOf(machinery: Machinery, operation: string, parts: JsonValue): string {
  return machinery.digest(JSON.stringify({ operation, parts }));
}

async function conclude(
  machinery: Machinery,
  session: Session,
  operation: Operation,
  state: OperationState,
  hooks: readonly HookFile[],
  { signal, observer }: Controls,
  resumed: boolean,
): Promise<Outcome> {
  const { system } = machinery;
  const end = await run({
    store: session.store,
    system,
    device: session.device,
    operation,
    state,
    inventory: () => takeInventory(machinery, session, hooks),
    signal,
    observer,
  });
  if (end.outcome === 'completed' || end.outcome === 'rolled-back') {
    await publish(session, observer);
  }
  return outcomeOf(end, resumed, await surroundings(machinery, session, state.id));
}

/** Projections only: a failure here is told and made up by the next operation. */
async function publish(session: Session, observer: Observer): Promise<void> {
  try {
    await session.publish();
  } catch (error) {
    if (!(error instanceof SlotwrightError)) throw error;
    observer.output?.(`registry and copies of the log are not up to date: ${error.message}\n`);
  }
}

type Surroundings = Pick<
  Outcome,
  'slots' | 'device' | 'registry' | 'active' | 'rebootPending' | 'failedHooks'
>;

/** What there is at the end; `worked` is the operation that this process has added to. */
async function surroundings(
  { system }: Machinery,
  session: Session,
  worked?: string,
): Promise<Surroundings> {
  const { device, store } = session;
  const names = await store.segments();
  const segment = names.find(({ id }) => id === worked);
  const others = session.segments.filter(({ id }) => id !== worked);
  const added =
    segment === undefined
      ? []
      : [{ ...segment, records: await store.read(segment.segment), state: undefined }];
  const path = slotPath(device, 'active');
  const active = path === undefined ? undefined : await system.files.stat(path);
  const running = device.runningImage;
  return {
    slots: await lookAtSlots(system, device),
    device,
    active: (await standingOfActive(system, device)).standing,
    registry: registryOf({ segments: [...others, ...added] }),
    rebootPending: running !== undefined && active !== undefined && active.id !== running,
    failedHooks: hookFailures(added.flatMap(({ records }) => records)),
  };
}

function outcomeOf(end: RunEnd, resumed: boolean, around: Surroundings): Outcome {
  const { state } = end;
  const common = {
    id: state.id,
    operation: state.started.operation,
    outcome: end.outcome,
    reported: state.context.reported,
    ...(state.completed === undefined ? { owes: state.state } : {}),
    resumed,
    ...around,
  };
  switch (end.outcome) {
    case 'interrupted':
      return { ...common, exit: EXIT.interrupted };
    case 'attention':
      return { ...common, error: end.error, exit: attentionExit(end.error) };
    case 'rolled-back': {
      const asked = end.error?.code === 'abort';
      if (end.error === undefined || asked) return { ...common, exit: EXIT.ok };
      return { ...common, error: end.error, exit: end.error.exit ?? EXIT.unknown };
    }
    case 'completed': {
      const [told] = state.context.reported;
      const strict = isStrict(state.started.request);
      if (told === undefined || !strict) return { ...common, exit: EXIT.ok };
      return { ...common, error: told.error, exit: told.error.exit ?? EXIT.unknown };
    }
  }
}

/** The code of what went wrong; where that is none of the documented ones, that attention is needed. */
function attentionExit({ exit }: RecordedError): number {
  return exit === undefined || exit === EXIT.usage ? EXIT.attention : exit;
}

function extraPathsOf(request: JsonValue): readonly string[] {
  const known = z.object({ extraPaths: z.array(z.string()) }).safeParse(request);
  return known.success ? known.data.extraPaths : [];
}

function isStrict(request: JsonValue): boolean {
  return (
    typeof request === 'object' &&
    request !== null &&
    'strict' in request &&
    request.strict === true
  );
}

function knownOperation({ state }: Unfinished): Operation {
  const { operation: name, plan, tool } = state.started;
  const operation = operationNamed(name);
  const strange =
    operation === undefined
      ? `the operation "${name}"`
      : plan.steps
          .filter((planned) => !operation.steps.some((step) => step.name === planned.name))
          .map((planned) => `the step "${planned.name}"`)[0];
  if (operation !== undefined && strange === undefined && plan.version <= operation.version) {
    return operation;
  }
  throw new SlotwrightError({
    code: 'plan-unknown',
    message: `this version cannot continue operation ${state.id}`,
    reason: `it was begun by ${tool}, and ${strange ?? 'its plan'} is not known here`,
    hint: `boot the system that has ${tool} and run "slotwright resume" there`,
    exit: EXIT.logForeign,
  });
}

/** A request is plain data by its schema; the round trip drops what `undefined` would hide. */
function json(request: object): JsonValue {
  return JSON.parse(JSON.stringify(request)) as JsonValue;
}
