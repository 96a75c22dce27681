/** What commands ask about operations, answered by the engine over any machine: the real one, or the simulated one in tests. */
import { OPERATIONS, operationNamed } from '../machines/catalog.ts';
import { judge, runsUnconfirmed, standingOfActive, wordOf } from '../machines/judgement.ts';
import { inodeOf, lookAtSlots } from '../machines/slots.ts';
import { planOf } from '../machines/step.ts';
import { projectRegistry } from '../state/projections.ts';
import { parseStateYaml, type InstallState } from '../state/state-yaml.ts';
import { standingOf } from './boot/judgement.ts';
import type { OperationOutcome } from './cli/outcome.ts';
import type { OperationHooks, Services } from './cli/services.ts';
import type { ImageDefaults, ImageRequest } from './config/upgrade-request.ts';
import { assessDevice } from './engine/assess.ts';
import { deployDevice } from './engine/deploy.ts';
import { examine } from './engine/examine.ts';
import { treat } from './engine/treat.ts';
import { diagnosis } from './inspect/diagnosis.ts';
import type { ImageWish } from './engine/image-request.ts';
import { installDevice } from './engine/install.ts';
import { resetDevice } from './engine/reset.ts';
import type { Controls, Machinery, Outcome } from './engine/machinery.ts';
import { abortDevice, resumeDevice } from './engine/resume.ts';
import { rollbackDevice } from './engine/rollback.ts';
import { upgradeDevice } from './engine/upgrade.ts';
import { unfinished } from './engine/memory.ts';
import { wayBack } from './engine/way-back.ts';
import { operationMachine } from './engine/operation-machine.ts';
import { openForReading, type Session } from './engine/session.ts';
import { UsageError } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import { chartOf } from './inspect/chart-of.ts';
import { menuFacts } from './inspect/menu-facts.ts';
import { nextBoot, type MenuFacts } from './inspect/next-boot.ts';
import { slotViews, type SlotEvidence } from './inspect/slot-views.ts';
import { statusReport, type StatusReport } from './inspect/status-report.ts';
import { whyOf } from './inspect/why.ts';
import type { Clock, System } from './system/port.ts';

/** Where the booted system shows its state.yaml (spec 1.3). */
const STATE_YAML = '/run/initramfs/cos-state/state.yaml';

export type LifecycleServices = Omit<
  Services,
  | 'runStage'
  | 'cloudInit'
  | 'hookFiles'
  | 'sandbox'
  | 'media'
  | 'prove'
  | 'log'
  | 'follow'
  | 'saveBundle'
  | 'pages'
  | 'plan'
>;

/** `menu`: boot menu for images that bring none. */
export function lifecycleServices(
  machinery: Machinery,
  clock: Clock,
  menu = '/usr/lib/slotwright/image/etc/cos/grub.cfg',
): LifecycleServices {
  const { system } = machinery;

  /** Runs an operation and says how it ended, as commands show it. */
  async function operate(
    hooks: OperationHooks,
    work: (controls: Controls) => Promise<Outcome>,
  ): Promise<OperationOutcome> {
    const began = clock.monotonic();
    const outcome = await work({ signal: hooks.signal, observer: hooks });
    return {
      ...(outcome.id === undefined ? {} : { id: outcome.id }),
      operation: outcome.operation,
      outcome: outcome.outcome,
      exit: outcome.exit,
      ...(outcome.error === undefined ? {} : { error: outcome.error }),
      ...(outcome.owes === undefined ? {} : { owes: outcome.owes }),
      reported: [...outcome.reported],
      failedHooks: [...outcome.failedHooks],
      slots: slotViews(outcome),
      rebootPending: outcome.rebootPending,
      durationMs: Math.round(clock.monotonic() - began),
    };
  }

  const wishOf = (request: ImageRequest): ImageWish => ({
    source: request.source,
    label: request.systemLabel,
    passiveLabel: request.passiveLabel,
    fs: request.systemFs,
    sizeBytes: request.systemSizeMiB * 2 ** 20,
    strict: request.strict,
    extraPaths: request.extraPaths,
    ...(request.grubEntryName === undefined ? {} : { grubEntryName: request.grubEntryName }),
    attempts: request.attempts,
    date: localDate(new Date(clock.now())),
  });

  return {
    configFiles: system.files,
    imageDefaults: async () => defaultsIn(await readInstallState(system)),

    upgrade: (request, hooks) =>
      operate(hooks, (controls) =>
        upgradeDevice(
          machinery,
          {
            ...wishOf(request),
            slot: request.slot,
            squashOptions: request.squashOptions,
            again: request.force ? 'yes' : 'no',
          },
          controls,
        ),
      ),
    reset: (request, hooks) =>
      operate(hooks, (controls) =>
        resetDevice(
          machinery,
          {
            ...wishOf(request),
            erase: [...request.erase],
            over: request.force ? 'everything' : 'nothing',
          },
          controls,
        ),
      ),
    deploy: (request, hooks) =>
      operate(hooks, (controls) =>
        deployDevice(
          machinery,
          { ...wishOf(request), again: request.force ? 'yes' : 'no' },
          controls,
        ),
      ),
    install: (request, hooks) =>
      operate(hooks, (controls) =>
        installDevice(
          machinery,
          {
            ...wishOf(request),
            target: request.target,
            ...(request.firmware === undefined ? {} : { firmware: request.firmware }),
            layout: {
              kind: request.table,
              partitions: request.partitions,
              extra: request.extra,
            },
            partitions: request.format ? 'made' : 'kept',
            again: request.force ? 'yes' : 'no',
            recovery: { ...request.recovery, sizeBytes: request.recovery.sizeMiB * 2 ** 20 },
            squashOptions: request.squashOptions,
            cloudInit: request.cloudInit,
            ...(request.iso === undefined ? {} : { iso: request.iso }),
            menu,
            bootEntry: request.bootEntry ? 'add' : 'none',
            medium: request.ejectMedium ? 'eject' : 'keep',
          },
          controls,
        ),
      ),
    resume: ({ when, force }, hooks) =>
      operate(hooks, async (controls) => {
        // What the boot loader said of an image is settled before another one takes its place.
        if (when !== 'now') {
          await assessDevice(machinery, { by: 'resume', units: [], timeoutMs: 0 }, controls);
        }
        return resumeDevice(
          machinery,
          {
            attempts: force ? 'once-more' : 'counted',
            reach: when === 'early' ? 'past-the-pivot' : 'everything',
            by: when === 'now' ? 'hand' : 'boot',
          },
          controls,
        );
      }),
    abort: (hooks) => operate(hooks, (controls) => abortDevice(machinery, controls)),
    rollback: (_request, hooks) =>
      operate(hooks, async (controls) => {
        const defaults = defaultsIn(await readInstallState(system));
        return rollbackDevice(
          machinery,
          {
            label: defaults.systemLabel ?? 'COS_ACTIVE',
            passiveLabel: defaults.passiveLabel ?? 'COS_PASSIVE',
            date: localDate(new Date(clock.now())),
          },
          controls,
        );
      }),

    assessBoot: (wish, hooks) =>
      operate(hooks, (controls) => assessDevice(machinery, wish, controls)),

    status: () =>
      reading(machinery, async (session) => {
        const facts = await menuFacts(system, session.device);
        const owed = unfinished(session);
        return statusReport({
          evidence: await evidenceOf(system, session),
          segments: session.segments,
          wayBack: owed === undefined ? undefined : await wayBack(machinery, session, owed),
          judge: judgeOf(facts, session.segments),
          nextBoot: nextBoot(facts),
        });
      }),
    diagnose: async (depth, signal) => diagnosis(await examine(machinery, depth, signal)),
    treat: () => treat(machinery),
    why: () =>
      reading(machinery, async ({ device, segments }) => {
        const facts = await menuFacts(system, device);
        const { operation } = facts.judgement;
        const fell = wordOf(device, 'slotwright.fell_back') !== undefined;
        const trial = fell || (await runsUnconfirmed(system, device)) ? operation : undefined;
        const active = (await lookAtSlots(system, device)).find(({ slot }) => slot === 'active');
        const running = device.runningImage;
        const pending =
          running !== undefined &&
          device.bootedFrom === 'active' &&
          active !== undefined &&
          inodeOf({ id: running }) !== active.id;
        return whyOf({
          device,
          segments,
          next: nextBoot(facts),
          pending,
          ...(trial === undefined ? {} : { trial }),
        });
      }),
    operations: async () => OPERATIONS.map(({ name, title }) => ({ name, title })),
    machine: async (name) => {
      const operation = operationNamed(name);
      if (operation === undefined) throw unknownOperation(name);
      const plan = planOf(operation);
      return chartOf(operationMachine(plan), plan, operation.title);
    },
    power: (action) => (action === 'reboot' ? system.power.reboot() : system.power.poweroff()),
  };
}

async function evidenceOf(system: System, { device, segments }: Session): Promise<SlotEvidence> {
  return {
    slots: await lookAtSlots(system, device),
    active: (await standingOfActive(system, device)).standing,
    registry: projectRegistry(segments.map(({ records, ...segment }) => ({ segment, records }))),
    device,
  };
}

/** Who judges, by what is armed now, or by what the last switch decided. */
function judgeOf(
  { judgement, activeUuid }: MenuFacts,
  segments: Session['segments'],
): StatusReport['judge'] {
  const standing = standingOf(judgement, activeUuid);
  if (standing === 'on-trial' || standing === 'out-of-tries') {
    return { kind: 'slotwright', attemptsLeft: judgement.triesLeft ?? 0 };
  }
  if (standing === 'condemned') return { kind: 'slotwright', attemptsLeft: 0 };
  const outputs = segments.map(({ state }) => state?.context.outputs['arm-judgement']);
  const last = judge.safeParse(outputs.findLast((output) => output !== undefined));
  if (!last.success) return { kind: 'none', reason: 'no operation has installed an image yet' };
  const { judge: kind, reason } = last.data;
  return { kind, ...(reason === undefined ? {} : { reason }) };
}

async function reading<T>(
  { system, state }: Machinery,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openForReading(system, state);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

async function readInstallState(system: System): Promise<InstallState> {
  const read = parseStateYaml(await system.files.readText(STATE_YAML));
  return read.kind === 'state' ? read.state : {};
}

function defaultsIn({ state, recovery }: InstallState): ImageDefaults {
  const { label, fs } = recovery?.recovery ?? {};
  return {
    ...(label === undefined ? {} : { recoveryLabel: label }),
    ...(fs === undefined ? {} : { recoveryFs: fs }),
    ...(state?.active?.label === undefined ? {} : { systemLabel: state.active.label }),
    ...(state?.active?.fs === undefined ? {} : { systemFs: state.active.fs }),
    ...(state?.passive?.label === undefined ? {} : { passiveLabel: state.passive.label }),
  };
}

/** RFC 3339 in the local zone, to the second, as the reference writes it. */
function localDate(now: Date): string {
  const two = (value: number): string => String(Math.trunc(Math.abs(value))).padStart(2, '0');
  const minutes = -now.getTimezoneOffset();
  const zone =
    minutes === 0 ? 'Z' : `${minutes < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
  const local = new Date(now.getTime() + minutes * 60_000).toISOString().slice(0, 19);
  return `${local}${zone}`;
}

function unknownOperation(name: string): UsageError {
  return new UsageError({
    code: 'operation-unknown',
    message: `there is no operation "${name}"`,
    reason: `known are ${OPERATIONS.map((operation) => operation.name).join(', ')}`,
    hint: 'run "slotwright machines" for the list',
    exit: EXIT.usage,
  });
}
