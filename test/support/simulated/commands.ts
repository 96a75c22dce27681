/** The commands of the tool on a simulated machine, wired as the program wires them. */
import { assessDevice, type AssessWish } from '../../../src/engine/assess.ts';
import type { Controls, Machinery, Outcome } from '../../../src/engine/machinery.ts';
import { type ResumeOptions, abortDevice, resumeDevice } from '../../../src/engine/resume.ts';
import { deployDevice } from '../../../src/engine/deploy.ts';
import { resetDevice, type ResetWish } from '../../../src/engine/reset.ts';
import { rollbackDevice } from '../../../src/engine/rollback.ts';
import { type UpgradeWish, upgradeDevice } from '../../../src/engine/upgrade.ts';
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import { simulatedMachinery } from '../../../src/system/simulated/machinery.ts';

export const machineryOf = (machine: SimulatedMachine): Machinery =>
  simulatedMachinery(machine, 'slotwright test');

/** A request to install what lies at this path of the surroundings. */
export function wishFor(path: string, more: Partial<UpgradeWish> = {}): UpgradeWish {
  return {
    source: { kind: 'dir', path, uri: `dir://${path}` },
    slot: 'active',
    squashOptions: [],
    label: 'COS_ACTIVE',
    passiveLabel: 'COS_PASSIVE',
    fs: 'ext2',
    sizeBytes: 0,
    strict: false,
    extraPaths: [],
    date: '2026-01-01T00:00:00+00:00',
    attempts: 3,
    again: 'no',
    ...more,
  };
}

export function controls(signal: AbortSignal = new AbortController().signal): Controls {
  return { signal, observer: {} };
}

export const upgrade = (
  machine: SimulatedMachine,
  wish: UpgradeWish,
  signal?: AbortSignal,
): Promise<Outcome> => upgradeDevice(machineryOf(machine), wish, controls(signal));

export const resume = (
  machine: SimulatedMachine,
  options: Partial<ResumeOptions> = {},
): Promise<Outcome> => {
  const by = options.reach === 'past-the-pivot' ? 'boot' : 'hand';
  const all: ResumeOptions = { attempts: 'counted', reach: 'everything', by, ...options };
  return resumeDevice(machineryOf(machine), all, controls());
};

export const assess = (
  machine: SimulatedMachine,
  wish: Partial<AssessWish> = {},
): Promise<Outcome> =>
  assessDevice(
    machineryOf(machine),
    { by: 'unit', units: [], timeoutMs: 1000, ...wish },
    controls(),
  );

export const reset = (
  machine: SimulatedMachine,
  wish: UpgradeWish,
  { erase = [], over = 'nothing' }: Partial<Pick<ResetWish, 'erase' | 'over'>> = {},
): Promise<Outcome> => resetDevice(machineryOf(machine), { ...wish, erase, over }, controls());

export const deploy = (machine: SimulatedMachine, wish: UpgradeWish): Promise<Outcome> =>
  deployDevice(machineryOf(machine), wish, controls());

export const rollback = (machine: SimulatedMachine): Promise<Outcome> =>
  rollbackDevice(machineryOf(machine), wishFor('/unused'), controls());

export const abort = (machine: SimulatedMachine): Promise<Outcome> =>
  abortDevice(machineryOf(machine), controls());
