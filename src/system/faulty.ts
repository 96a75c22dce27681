/**
 * Any system, with one fault: the n-th effect fails, hangs until it is aborted, or is cut short by a power cut. Reads are not
 * counted: they change nothing, so a fault there is the fault of the effect before or after.
 */
import { SystemError } from '../errors.ts';
import type { System } from './port.ts';

export interface Fault {
  /** Number of the effect call it falls on, from 1. */
  readonly at: number;
  readonly kind: 'fail' | 'hang' | 'cut';
  /** `before`: the effect does not happen. `during`: it was begun and nobody waits for its end. `after`: it happened. */
  readonly when: 'before' | 'during' | 'after';
}

/** Thrown where the power goes; no part of the program may catch it and go on. */
export class PowerCut extends Error {
  constructor(effect: string) {
    super(`the power was cut at ${effect}`);
    this.name = 'PowerCut';
  }
}

export interface FaultySystem {
  readonly system: System;
  /** Effects called so far, by name, in order. */
  readonly effects: readonly string[];
}

/** What changes something, by port. A new effect of a port belongs here. */
const EFFECTS: { readonly [P in keyof System]: readonly (keyof System[P] & string)[] } = {
  host: [],
  disks: ['divide', 'format'],
  mounts: ['mount', 'remount', 'unmount'],
  files: ['makeDirectory', 'writeText', 'link', 'rename', 'remove', 'removeTree'],
  images: ['create', 'fill', 'copy', 'fetch', 'pack', 'relabel'],
  boot: ['writeEnvironment', 'prepareLoader', 'installLoader', 'addBootEntry'],
  settle: ['sync', 'checkpoint', 'thaw'],
  stages: ['run'],
  health: ['check'],
  power: ['reboot', 'poweroff'],
};

/** Without a fault it only counts: that is how many there are to try. */
export function faultySystem(inner: System, fault?: Fault): FaultySystem {
  const effects: string[] = [];
  const surround = async (
    effect: string,
    signal: AbortSignal | undefined,
    run: () => unknown,
  ): Promise<unknown> => {
    effects.push(effect);
    if (fault?.at !== effects.length) return run();
    switch (fault.when) {
      case 'before':
        return strike(fault.kind, effect, signal);
      case 'during': {
        const begun = Promise.resolve(run());
        // Its end is nobody's business any more, and may well be an error.
        begun.catch(() => undefined);
        return strike(fault.kind, effect, signal);
      }
      case 'after':
        await run();
        return strike(fault.kind, effect, signal);
    }
  };
  const ports = { ...inner, ...overlay(inner, surround) };
  return { system: ports, effects };
}

type Surround = (
  effect: string,
  signal: AbortSignal | undefined,
  run: () => unknown,
) => Promise<unknown>;

function overlay(inner: System, surround: Surround): System {
  const port = <P extends keyof System>(name: P): System[P] =>
    new Proxy(inner[name], {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        const isEffect = EFFECTS[name].some((effect) => effect === key);
        if (typeof member !== 'function') return member;
        return (...parameters: unknown[]): unknown => {
          const call = (): unknown => Reflect.apply(member, target, parameters);
          if (!isEffect) return call();
          return surround(`${name}.${String(key)}`, signalIn(parameters), call);
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
    stages: port('stages'),
    health: port('health'),
    power: port('power'),
  };
}

async function strike(
  kind: Fault['kind'],
  effect: string,
  signal: AbortSignal | undefined,
): Promise<never> {
  switch (kind) {
    case 'cut':
      throw new PowerCut(effect);
    case 'fail':
      throw new SystemError({
        code: 'input-output',
        message: `${effect} failed`,
        reason: 'input/output error',
        hint: 'check the disk: "dmesg" shows what it said',
      });
    case 'hang':
      return new Promise((_resolve, reject) => {
        const stop = (): void => {
          reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
        };
        if (signal?.aborted === true) stop();
        else signal?.addEventListener('abort', stop, { once: true });
      });
  }
}

/** Long effects carry their signal in their last parameter, or in their only one. */
function signalIn(parameters: readonly unknown[]): AbortSignal | undefined {
  const last = parameters.at(-1);
  if (typeof last !== 'object' || last === null || !('signal' in last)) return undefined;
  return last.signal instanceof AbortSignal ? last.signal : undefined;
}
