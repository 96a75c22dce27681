/** Upgrades that do not go straight: a step fails, a person aborts, a signal arrives. */
import type { Outcome } from '../../../src/engine/machinery.ts';
import { type UpgradeWish, upgradeDevice } from '../../../src/engine/upgrade.ts';
import { upgrade as upgradeOperation } from '../../../machines/upgrade.ts';
import { SystemError } from '../../../src/errors.ts';
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import type { System } from '../../../src/system/port.ts';
import { abort, machineryOf, resume } from './commands.ts';

/** The first call to the system that this step makes fails. */
export async function upgradeFailingAt(
  step: string,
  machine: SimulatedMachine,
  wish: UpgradeWish,
): Promise<Outcome> {
  const machinery = machineryOf(machine);
  let next: 'fails' | 'works' = 'works';
  const system = failingWhen(machinery.system, () => {
    const fails = next === 'fails';
    next = 'works';
    return fails;
  });
  return upgradeDevice({ ...machinery, system }, wish, {
    signal: new AbortController().signal,
    observer: {
      step: (owed) => {
        if (owed.phase === 'run' && owed.step === step) next = 'fails';
      },
    },
  });
}

/** Stopped by a signal when this step is owed and has not begun. */
async function upgradeStoppedBefore(
  step: string,
  machine: SimulatedMachine,
  wish: UpgradeWish,
): Promise<Outcome> {
  const stop = new AbortController();
  const sigterm = (): void => {
    stop.abort(new Error('SIGTERM'));
  };
  const { onMoment } = machine;
  machine.onMoment = (what, now) => {
    onMoment(what, now);
    const first = upgradeOperation.steps[0]?.name === step;
    if (first && what === 'append operation.started: durable') sigterm();
  };
  return upgradeDevice(machineryOf(machine), wish, {
    signal: stop.signal,
    observer: {
      event: (event) => {
        if (event.type === 'step.completed' && event.to === step) sigterm();
      },
    },
  });
}

/** Stopped before this step, then aborted; where abort is refused, resumed. */
export async function upgradeAbortedAt(
  step: string,
  machine: SimulatedMachine,
  wish: UpgradeWish,
): Promise<Outcome> {
  await upgradeStoppedBefore(step, machine, wish);
  try {
    return await abort(machine);
  } catch {
    return resume(machine);
  }
}

/** Stopped by a signal at the n-th moment. */
export async function upgradeStoppedAtMoment(
  n: number,
  machine: SimulatedMachine,
  wish: UpgradeWish,
): Promise<Outcome> {
  const stop = new AbortController();
  let passed = 0;
  machine.onMoment = () => {
    passed += 1;
    if (passed === n) stop.abort(new Error('SIGTERM'));
  };
  const controls = { signal: stop.signal, observer: {} };
  const outcome = await upgradeDevice(machineryOf(machine), wish, controls);
  machine.onMoment = () => undefined;
  return outcome;
}

function failingWhen(inner: System, fails: () => boolean): System {
  const port = <P extends keyof System>(name: P): System[P] =>
    new Proxy(inner[name], {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== 'function') return member;
        return async (...parameters: unknown[]): Promise<unknown> => {
          if (fails()) throw ioError(`${name}.${String(key)}`);
          return Reflect.apply(member, target, parameters);
        };
      },
    });
  return {
    host: port('host'),
    disks: port('disks'),
    mounts: port('mounts'),
    files: port('files'),
    images: port('images'),
    boot: port('boot'),
    settle: port('settle'),
    health: inner.health,
    stages: port('stages'),
    power: port('power'),
  };
}

function ioError(call: string): SystemError {
  return new SystemError({
    code: 'input-output',
    message: `${call} failed`,
    reason: 'input/output error',
  });
}
