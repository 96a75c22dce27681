/**
 * What happens between a command and the runner: which operation is unfinished, whether this request is the same once more
 * (law 3), what must be refused. Everything here is decided from the log and the disk, in that order.
 */
import { operationNamed } from '../../machines/catalog.ts';
import { lookAtSlots, inodeOf, slotPath } from '../../machines/slots.ts';
import { planOf, type Device, type Operation } from '../../machines/step.ts';
import type { HookFile, ImageSource, Slot, SourceFacts, System } from '../system/port.ts';
import type { Inventory, JsonValue, SlotFacts } from '../../state/records.ts';
import { projectRegistry } from '../../state/projections.ts';
import { parseStateYaml } from '../../state/state-yaml.ts';
import type { Registry } from '../../state/registry-schema.ts';
import * as z from 'zod';
import { assessBoot } from '../../machines/assess-boot.ts';
import { noPassive } from '../../machines/steps/copy-passive.ts';
import { POST_STAGE, upgrade } from '../../machines/upgrade.ts';
import { upgradeRecovery } from '../../machines/upgrade-recovery.ts';
import { rollback } from '../../machines/rollback.ts';
import { runsUnconfirmed, standingOfActive } from '../../machines/judgement.ts';
import type { UpgradeRequest } from '../../machines/upgrade-request.ts';
import { EXIT } from '../exit-codes.ts';
import { recordedError, SlotwrightError, UsageError, type RecordedError } from '../errors.ts';
import type { Ids } from '../system/port.ts';
import { findDevice, type FoundDevice } from './device.ts';
import { foldOperation, type OperationState } from './fold.ts';
import { hookFailures, type HookFailure } from './hook-failures.ts';
import { isBeforePivot, ROLLED_BACK } from './operation-machine.ts';
import { run, type Observer, type RunEnd } from './runner.ts';
import {
  openForWriting,
  withRecovery,
  type Segment,
  type Session,
  type StateAccess,
} from './session.ts';

/** The machine, its memory, and who asks. */
export interface Machinery {
  readonly system: System;
  readonly state: StateAccess;
  readonly ids: Ids;
  /** Name and version of this tool, for the log. */
  readonly tool: string;
  /** Digest of a text, for keys. */
  readonly digest: (text: string) => string;
}

export interface Controls {
  readonly signal: AbortSignal;
  readonly observer: Observer;
}

export interface UpgradeWish {
  /** The slot that gets the new image. */
  readonly slot: 'active' | 'recovery';
  /** Options of mksquashfs, where the image is one. */
  readonly squashOptions: readonly string[];
  readonly source: ImageSource;
  readonly label: string;
  readonly passiveLabel: string;
  readonly fs: string;
  /** 0: computed from the source. */
  readonly sizeBytes: number;
  readonly strict: boolean;
  readonly extraPaths: readonly string[];
  readonly grubEntryName?: string;
  /** Local date and time for state.yaml, RFC 3339. */
  readonly date: string;
  /** Automatic starts of the new image before the boot loader gives it up. */
  readonly attempts: number;
  /**
   * Applies hooks again although the same image with the same hooks is installed; replaces a running image on trial; installs an image
   * that failed its judgement.
   */
  readonly again: 'no' | 'yes';
}

/** How a command ended, for people and scripts. */
export interface Outcome {
  readonly id?: string;
  readonly operation: string;
  readonly outcome:
    | 'completed'
    | 'rolled-back'
    | 'already-installed'
    | 'nothing-to-do'
    | 'interrupted'
    | 'attention';
  readonly exit: number;
  readonly error?: RecordedError;
  readonly reported: readonly { readonly step: string; readonly error: RecordedError }[];
  /** What hooks failed at, whether or not that stopped anything; of earlier processes, too. */
  readonly failedHooks: readonly HookFailure[];
  /** State the machine stands in while something is owed. */
  readonly owes?: string;
  readonly resumed: boolean;
  readonly slots: readonly SlotFacts[];
  readonly device: Device;
  /** What the log says of the images, this operation included. */
  readonly registry: Registry;
  /** How the active image stands with its judge. */
  readonly active: Awaited<ReturnType<typeof standingOfActive>>['standing'];
  /** The next boot takes another image than the running one. */
  readonly rebootPending: boolean;
}

export async function upgradeDevice(
  machinery: Machinery,
  wish: UpgradeWish,
  controls: Controls,
): Promise<Outcome> {
  const { system } = machinery;
  // Before anything is opened: a source that cannot be read is refused without a record.
  const [facts, hooks, found] = await Promise.all([
    system.images.inspect(wish.source, { signal: controls.signal }),
    system.stages.files(wish.extraPaths),
    findDevice(system),
  ]);
  if (facts.files === 0) throw emptySource(wish.source);
  const key = keyOf(machinery, 'upgrade', {
    source: facts.digest,
    hooks: hooks.map(({ path, digest }) => ({ path, digest })),
    label: wish.label,
    passiveLabel: wish.passiveLabel,
    fs: wish.fs,
    sizeBytes: wish.sizeBytes,
    grubEntryName: wish.grubEntryName ?? null,
    // Only where they change the result: keys of older logs stay what they are.
    ...(wish.slot === 'recovery' ? { slot: wish.slot, squashOptions: wish.squashOptions } : {}),
  });
  const operation = wish.slot === 'recovery' ? upgradeRecovery : upgrade;
  return withSession({ machinery, found }, async (session) => {
    const owed = unfinished(session);
    if (owed !== undefined) {
      if (owed.state.started.key !== key) throw refuseUnfinished(owed);
      return carryOn(machinery, session, owed, controls);
    }
    const registry = registryOf(session);
    if (wish.again === 'no' && registry.condemned.includes(key)) throw refuseCondemned(wish.source);
    const same = await installedBefore(machinery, session, registry, {
      slot: wish.slot,
      key,
      signal: controls.signal,
    });
    if (same !== undefined && wish.again === 'no') {
      if (same.postStage !== 'failed') return already(machinery, session, same.id);
    }
    if (
      wish.slot === 'active' &&
      wish.again === 'no' &&
      same === undefined &&
      (await runsUnconfirmed(system, session.device))
    ) {
      throw await refuseOnTrial(system, session);
    }
    const request = upgradeRequestOf(wish, facts, hooks, session);
    const only = same?.postStage === 'failed' && wish.again === 'no' ? [POST_STAGE] : undefined;
    return begin(machinery, session, { operation, request, key, hooks, only }, controls);
  });
}

export async function rollbackDevice(
  machinery: Machinery,
  wish: Pick<UpgradeWish, 'label' | 'passiveLabel' | 'date'>,
  controls: Controls,
): Promise<Outcome> {
  const { system } = machinery;
  return withSession({ machinery, found: await findDevice(machinery.system) }, async (session) => {
    const passive = slotPath(session.device, 'passive') ?? '';
    const owed = unfinished(session);
    const stat = await system.files.stat(passive);
    if (owed !== undefined) {
      if (owed.state.started.operation !== 'rollback') throw refuseUnfinished(owed);
      return carryOn(machinery, session, owed, controls);
    }
    if (stat?.kind !== 'file') throw noPassive(passive);
    const id = inodeOf(stat);
    const registry = registryOf(session);
    const request: UpgradeRequest = {
      slot: 'active',
      squashOptions: [],
      source: {
        kind: 'file',
        path: passive,
        uri: registry.slots.passive?.source ?? (await passiveSource(system, session)),
        digest: `inode:${id}`,
        contentBytes: stat.bytes,
        files: 0,
      },
      image: { bytes: stat.bytes, label: wish.label, fs: 'ext2' },
      passiveLabel: wish.passiveLabel,
      attempts: 1,
      strict: false,
      extraPaths: [],
      hooks: [],
      date: wish.date,
      ...remembered(registry, session),
    };
    const key = keyOf(machinery, 'rollback', {
      id,
      bytes: stat.bytes,
      bootId: session.device.bootId,
    });
    return begin(
      machinery,
      session,
      { operation: rollback, request, key, hooks: [], only: undefined },
      controls,
    );
  });
}

/** Where passive came from, as state.yaml tells it; empty when nobody knows. */
async function passiveSource(system: System, { device }: Session): Promise<string> {
  const read = parseStateYaml(await system.files.readText(`${device.stateAt}/state.yaml`));
  return (read.kind === 'state' ? read.state.state?.passive?.source : undefined) ?? '';
}

export interface ResumeOptions {
  /** `once-more`: tries a step again that was given up. */
  readonly attempts: 'counted' | 'once-more';
  /** Early in a boot there is no network: a hook without it must not build an image (architecture section 6). */
  readonly reach: 'everything' | 'past-the-pivot';
}

export async function resumeDevice(
  machinery: Machinery,
  options: ResumeOptions,
  controls: Controls,
): Promise<Outcome> {
  return withSession({ machinery, found: await findDevice(machinery.system) }, async (session) => {
    const judging = unfinished(session, 'assessment');
    const past = judging?.state.started.inventory.bootId !== session.device.bootId;
    if (past) await abandonAssessment(machinery, session, controls);
    const owed = unfinished(session) ?? (past ? undefined : judging);
    const early = options.reach === 'past-the-pivot';
    if (owed === undefined || (early && isBeforePivot(owed.state.started.plan, owed.state.state)))
      return nothingToDo(machinery, session);
    return carryOn(machinery, session, owed, controls, options.attempts);
  });
}

export async function abortDevice(machinery: Machinery, controls: Controls): Promise<Outcome> {
  return withSession({ machinery, found: await findDevice(machinery.system) }, async (session) => {
    const owed = unfinished(session);
    if (owed === undefined) return nothingToDo(machinery, session);
    const { state } = owed;
    const pivot = state.started.plan.pivot;
    // Rolled back and not yet closed: an abort that was killed right before its last record.
    const turned = state.state.startsWith('undo:') || state.state === ROLLED_BACK;
    const backable =
      isBeforePivot(state.started.plan, state.state) ||
      (state.state === pivot &&
        state.context.running === null &&
        (state.context.attempts[state.state] ?? 0) === 0);
    if (!turned && !backable) throw refuseAbort(owed);
    const rest = turned ? owed : await undoing(session, owed, 'asked for by "abort"');
    return carryOn(machinery, session, rest, controls);
  });
}

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

export type Unfinished = Segment & { readonly state: OperationState };

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

export async function withSession(
  { machinery, found }: { readonly machinery: Machinery; readonly found: FoundDevice },
  work: (session: Session) => Promise<Outcome>,
): Promise<Outcome> {
  const session = await openForWriting(machinery.system, machinery.state, found);
  let outcome: Outcome;
  try {
    outcome = await work(session);
  } catch (error) {
    await closeQuietly(session);
    throw error;
  }
  try {
    await session.close();
  } catch (error) {
    // The work is done and recorded; what could not be given back dies with this process's namespace.
    return {
      ...outcome,
      exit: outcome.exit === EXIT.ok ? EXIT.cleanup : outcome.exit,
      error: outcome.error ?? recordedError(error),
    };
  }
  return outcome;
}

/** While an error is on its way to the person, a second one from the clean-up would hide it. */
async function closeQuietly(session: Session): Promise<void> {
  try {
    await session.close();
  } catch (error) {
    if (!(error instanceof SlotwrightError)) throw error;
  }
}

/** The operation on images that is unfinished; a judgement of a boot may stand beside it and is asked for by its name. */
export function unfinished(
  session: Pick<Session, 'segments'>,
  wanted: 'images' | 'assessment' = 'images',
): Unfinished | undefined {
  const last = session.segments.findLast(
    ({ state }) =>
      state !== undefined &&
      (state.started.operation === assessBoot.name) === (wanted === 'assessment'),
  );
  return last?.state !== undefined && last.state.completed === undefined
    ? { ...last, state: last.state }
    : undefined;
}

/** The boot that an unfinished judgement was about has ended, with the judgement: that is closed, and nothing of it is done. */
export async function abandonAssessment(
  machinery: Machinery,
  session: Session,
  controls: Controls,
): Promise<void> {
  const owed = unfinished(session, 'assessment');
  if (owed === undefined) return;
  const same = owed.state.started.inventory.bootId === session.device.bootId;
  const why = same ? 'it is judged by hand' : 'the boot that it judged has ended';
  const rest = await undoing(session, owed, why);
  await carryOn(machinery, session, rest, controls);
}

/** Turns an unfinished operation back, and reads it again. */
async function undoing(session: Session, owed: Unfinished, reason: string): Promise<Unfinished> {
  await session.store.continue(owed.segment);
  await session.store.append({ type: 'rollback.requested', by: 'abort', reason });
  const records = await session.store.read(owed.segment);
  return { ...owed, records, state: foldOperation(records) ?? owed.state };
}

export function registryOf(session: Pick<Session, 'segments'>): Registry {
  return projectRegistry(session.segments.map(({ records, ...segment }) => ({ segment, records })));
}

/** The finished upgrade with this key, if its image is still the one in the slot. */
async function installedBefore(
  { system }: Machinery,
  session: Session,
  registry: Registry,
  {
    slot,
    key,
    signal,
  }: { readonly slot: Slot; readonly key: string; readonly signal: AbortSignal },
) {
  const known = registry.slots[slot];
  if (known?.key !== key) return undefined;
  const present =
    slot === 'recovery'
      ? await withRecovery(system, session.device, 'ro', () => holds())
      : await holds();
  if (!present) return undefined;
  return registry.operations.findLast(
    (operation) => operation.key === key && operation.outcome === 'completed',
  );

  async function holds(): Promise<boolean> {
    const path = slotPath(session.device, slot);
    const stat = path === undefined ? undefined : await system.files.stat(path);
    if (path === undefined || stat === undefined) return false;
    if (known?.id !== inodeOf(stat) || known.bytes !== stat.bytes) return false;
    // Another tool may have put a file of the same size on a freed inode: what it holds decides.
    const digest = await system.images.digest(path, { signal });
    return known.digest === undefined || known.digest === digest;
  }
}

function upgradeRequestOf(
  wish: UpgradeWish,
  facts: SourceFacts,
  hooks: readonly HookFile[],
  session: Session,
): UpgradeRequest {
  return {
    slot: wish.slot,
    squashOptions: [...wish.squashOptions],
    source: { ...wish.source, ...facts },
    image: { bytes: imageBytes(wish, facts), label: wish.label, fs: wish.fs },
    passiveLabel: wish.passiveLabel,
    attempts: wish.attempts,
    strict: wish.strict,
    extraPaths: [...wish.extraPaths],
    hooks: [...hooks],
    ...(wish.grubEntryName === undefined ? {} : { grubEntryName: wish.grubEntryName }),
    date: wish.date,
    ...remembered(registryOf(session), session),
  };
}

/** What laws 2 asks of the past: which of the present images were seen running, and when active was last replaced. */
function remembered(
  registry: Registry,
  session: Session,
): Pick<UpgradeRequest, 'confirmed' | 'switchedInBoot'> {
  const switches = session.segments
    .flatMap(({ records }) => records)
    .flatMap(({ event }) =>
      event.type === 'step.completed' && event.step === 'set-active' ? [event.output] : [],
    );
  const last = z.object({ bootId: z.string() }).safeParse(switches.at(-1));
  const { active, passive } = registry.slots;
  return {
    // What runs now is good, whatever the log knows of it yet: this operation's own inventory is not in it.
    confirmed: [
      ...[active, passive].flatMap((image) =>
        image !== undefined && registry.confirmed.includes(image.digest ?? image.id)
          ? [image.id]
          : [],
      ),
      // An inode number on COS_RECOVERY means another file: what runs from there says nothing of the slots.
      ...(['active', 'passive'].includes(session.device.bootedFrom)
        ? runningIn(session.device)
        : []),
    ],
    ...(last.success ? { switchedInBoot: last.data.bootId } : {}),
  };
}

const MIB = 2 ** 20;

/**
 * Bytes of the new image: the reference's apparent size plus 256 MiB (spec 1.2), or more where many small files need it (W18: blocks and
 * inodes are counted here).
 */
function imageBytes(wish: UpgradeWish, facts: SourceFacts): number {
  if (wish.sizeBytes > 0) return wish.sizeBytes;
  const reference = (Math.floor(facts.contentBytes / MIB) + 1 + 256) * MIB;
  const blocks = facts.contentBytes + facts.files * (4096 + 256);
  return Math.max(reference, Math.ceil((blocks * 1.06 + 64 * MIB) / MIB) * MIB);
}

/** Inode number of the running image, where a file backs the root. */
function runningIn({ runningImage }: Device): readonly string[] {
  return runningImage === undefined ? [] : [inodeOf({ id: runningImage })];
}

async function takeInventory(
  { system }: Machinery,
  { device }: Session,
  hooks: readonly HookFile[],
): Promise<Inventory> {
  const [running] = runningIn(device);
  const partitions = [];
  for (const partition of device.partitions) {
    const at = partition.role === 'state' ? device.stateAt : partition.mountedAt;
    partitions.push({
      ...partition,
      ...(at === undefined ? {} : { freeBytes: await system.disks.free(at) }),
    });
  }
  return {
    bootId: device.bootId,
    bootedFrom: device.bootedFrom,
    ...(running === undefined ? {} : { running }),
    commandLine: device.commandLine,
    partitions,
    slots: await lookAtSlots(system, device),
    ...(await unconfirmedActive(system, device)),
    environment: (await system.boot.readEnvironment(`${device.stateAt}/grub_oem_env`)) ?? {},
    hooks,
  };
}

/** An active image that is judged: running it does not make it good. */
async function unconfirmedActive(
  system: System,
  device: Device,
): Promise<Pick<Inventory, 'unconfirmed'>> {
  const { standing } = await standingOfActive(system, device);
  const path = slotPath(device, 'active');
  const stat = path === undefined ? undefined : await system.files.stat(path);
  return standing === 'not-judged' || stat === undefined ? {} : { unconfirmed: inodeOf(stat) };
}

/** Records what is not as the log left it: the first look at a device, and images that somebody else changed. */
async function noteStrangers(session: Session, inventory: Inventory): Promise<void> {
  const before = session.segments.findLast(({ state }) => state?.completed !== undefined)?.state
    ?.completed?.inventory.slots;
  if (before === undefined) {
    await session.store.append({ type: 'device.adopted', slots: inventory.slots });
    return;
  }
  const changed = inventory.slots.some((slot) => {
    const known = before.find((candidate) => candidate.slot === slot.slot);
    return known?.id !== slot.id || known.bytes !== slot.bytes;
  });
  const gone = before.some(({ slot }) => !inventory.slots.some((now) => now.slot === slot));
  if (changed || gone) {
    await session.store.append({ type: 'slots.changed-outside', before, after: inventory.slots });
  }
}

async function already(machinery: Machinery, session: Session, id: string): Promise<Outcome> {
  return {
    id,
    operation: 'upgrade',
    outcome: 'already-installed',
    exit: EXIT.ok,
    reported: [],
    resumed: false,
    ...(await surroundings(machinery, session)),
  };
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

function emptySource({ uri }: ImageSource): UsageError {
  return new UsageError({
    code: 'source-empty',
    message: `${uri} holds no file`,
    reason: 'a directory whose contents are not mounted looks like this',
    hint: 'mount the source, or name another one with --system.uri',
    exit: EXIT.noSource,
  });
}

function refuseCondemned({ uri }: ImageSource): UsageError {
  return new UsageError({
    code: 'image-condemned',
    message: `this image was installed from ${uri} before, and failed its judgement`,
    reason: 'none of its boots was confirmed; the machine went back to the passive image',
    hint: 'see "slotwright why"; mend the image or its hooks, or add --force to try it again as it is',
    exit: EXIT.condemned,
  });
}

async function refuseOnTrial(system: System, { device }: Session): Promise<UsageError> {
  const { judgement } = await standingOfActive(system, device);
  return new UsageError({
    code: 'on-trial',
    message: 'the running system is on trial: an upgrade now could cost the last good image',
    reason: `nobody has confirmed it yet; ${judgement.triesLeft ?? 0} automatic starts are left`,
    hint: 'wait for "slotwright assess-boot" at the end of the boot, run "slotwright confirm", or add --force',
    exit: EXIT.refused,
  });
}

function refuseUnfinished({ state }: Unfinished): UsageError {
  return new UsageError({
    code: 'unfinished',
    message: `${state.started.operation} ${state.id} is unfinished, and this is another request`,
    reason: `it owes "${state.state}"; a second operation could cost the last good image`,
    hint: 'run "slotwright resume" to finish it, or "slotwright abort" to undo it',
    exit: EXIT.unfinished,
  });
}

function refuseAbort({ state }: Unfinished): UsageError {
  return new UsageError({
    code: 'past-pivot',
    message: `${state.started.operation} ${state.id} is past its point of no return`,
    reason: `the new image is, or is becoming, active; it owes "${state.state}"`,
    hint: 'run "slotwright resume" to finish it, then "slotwright rollback" to go back',
    exit: EXIT.refused,
  });
}

function keyOf(machinery: Machinery, operation: string, parts: JsonValue): string {
  return machinery.digest(JSON.stringify({ operation, parts }));
}

/** A request is plain data by its schema; the round trip drops what `undefined` would hide. */
function json(request: object): JsonValue {
  return JSON.parse(JSON.stringify(request)) as JsonValue;
}
