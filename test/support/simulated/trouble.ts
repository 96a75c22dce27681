/** Commands that do not go straight: a step fails, a person aborts, a signal arrives. */
import type { Controls, Machinery, Outcome } from '../../../src/engine/machinery.ts';
import { SystemError } from '../../../src/errors.ts';
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import type { System } from '../../../src/system/port.ts';
import { abort, machineryOf, resume } from './commands.ts';

/** What the engine is asked. */
export type Ask = (machinery: Machinery, controls: Controls) => Promise<Outcome>;

/** The first call to the system that this step makes fails. */
export async function failingAt(
  step: string,
  machine: SimulatedMachine,
  ask: Ask,
): Promise<Outcome> {
  const machinery = machineryOf(machine);
  let next: 'fails' | 'works' = 'works';
  const system = failingWhen(machinery.system, () => {
    const fails = next === 'fails';
    next = 'works';
    return fails;
  });
  return ask(
    { ...machinery, system },
    {
      signal: new AbortController().signal,
      observer: {
        step: (owed) => {
          if (owed.phase === 'run' && owed.step === step) next = 'fails';
        },
      },
    },
  );
}

/** First step of every operation that makes an image. */
const FIRST = 'check-preconditions';

/** Stopped by a signal when this step is owed and has not begun. */
async function stoppedBefore(step: string, machine: SimulatedMachine, ask: Ask): Promise<Outcome> {
  const stop = new AbortController();
  const sigterm = (): void => {
    stop.abort(new Error('SIGTERM'));
  };
  const { onMoment } = machine;
  machine.onMoment = (what, now) => {
    onMoment(what, now);
    if (step === FIRST && what === 'append operation.started: durable') sigterm();
  };
  return ask(machineryOf(machine), {
    signal: stop.signal,
    observer: {
      event: (event) => {
        if (event.type === 'step.completed' && event.to === step) sigterm();
      },
    },
  });
}

/** Stopped before this step, then aborted; where abort is refused, resumed. */
export async function abortedAt(
  step: string,
  machine: SimulatedMachine,
  ask: Ask,
): Promise<Outcome> {
  await stoppedBefore(step, machine, ask);
  try {
    return await abort(machine);
  } catch {
    return resume(machine);
  }
}

/** Stopped by a signal at the n-th moment. */
export async function stoppedAtMoment(
  n: number,
  machine: SimulatedMachine,
  ask: Ask,
): Promise<Outcome> {
  const stop = new AbortController();
  let passed = 0;
  machine.onMoment = () => {
    passed += 1;
    if (passed === n) stop.abort(new Error('SIGTERM'));
  };
  const controls = { signal: stop.signal, observer: {} };
  const outcome = await ask(machineryOf(machine), controls);
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
