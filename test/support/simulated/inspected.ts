/** Operations to look at: completed, undone, resumed, unfinished; and one with more records than anybody reads. */
import type { EventRecord } from '../../../state/records.ts';
import { upgradeDevice } from '../../../src/engine/upgrade.ts';
import { foldOperation } from '../../../src/engine/fold.ts';
import { inspectionOf, type Inspection } from '../../../src/inspect/inspection.ts';
import type { ReadSegment } from '../../../src/inspect/history-rows.ts';
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import { newMachine } from '../../../src/system/simulated/new-machine.ts';
import { sourceOf } from '../../../src/system/simulated/sources.ts';
import type { SimulatedHook } from '../../../src/system/simulated/stages.ts';
import { simulatedState } from '../../../src/system/simulated/state-access.ts';
import { resume, upgrade, wishFor } from './commands.ts';
import { failingAt } from './trouble.ts';

const HOOK: SimulatedHook = {
  stage: 'after-upgrade-chroot',
  source: '/oem/install.yaml',
  step: 'install vim',
  outputs: ['Unpacking vim (2:9.0.1378-2) ...\nSetting up vim (2:9.0.1378-2) ...\n'],
};

export function machineWith(hook: Partial<SimulatedHook> = {}): SimulatedMachine {
  return newMachine({
    slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
    sources: { '/new': sourceOf('two') },
    files: { '/oem/install.yaml': 'stages: {}' },
    hooks: [{ ...HOOK, ...hook }],
  });
}

/** Every segment of the log of this machine, oldest first. */
export async function segmentsOf(machine: SimulatedMachine): Promise<ReadSegment[]> {
  const { store } = await simulatedState(machine).open('/run/initramfs/cos-state', 'read');
  const segments = [];
  for (const name of await store.segments()) {
    const records = await store.read(name.segment);
    segments.push({ ...name, records, state: foldOperation(records) });
  }
  return segments;
}

/** The last operation of this log. */
export function inspected(segments: readonly ReadSegment[]): Inspection {
  const last = segments.at(-1);
  const inspection = last === undefined ? undefined : inspectionOf(segments, last);
  if (inspection === undefined) throw new Error('nothing was done to this machine');
  return inspection;
}

export async function completedUpgrade(hook?: Partial<SimulatedHook>): Promise<ReadSegment[]> {
  const machine = machineWith(hook);
  await upgrade(machine, wishFor('/new'));
  return segmentsOf(machine);
}

export async function undoneUpgrade(): Promise<ReadSegment[]> {
  const machine = machineWith({ fails: 'exit code 100' });
  await upgrade(machine, wishFor('/new', { strict: true }));
  return segmentsOf(machine);
}

/** The machine as a kill at this moment of its next command leaves it. */
export async function killedAt(
  moment: string,
  machine: SimulatedMachine,
  command: (machine: SimulatedMachine) => Promise<unknown>,
): Promise<SimulatedMachine> {
  let killed: SimulatedMachine | undefined;
  machine.onMoment = (what) => {
    if (killed === undefined && what.startsWith(moment)) killed = machine.kill();
  };
  await command(machine);
  if (killed === undefined) throw new Error(`no moment is called "${moment}"`);
  return killed;
}

/** Killed in the middle of writing, and once more past the switch. */
export async function resumedUpgrade(): Promise<ReadSegment[]> {
  const begin = 'append step.started';
  const once = await killedAt(`${begin} deploy-image: durable`, machineWith(), (machine) =>
    upgrade(machine, wishFor('/new')),
  );
  const twice = await killedAt(`${begin} set-passive: durable`, once, resume);
  await resume(twice);
  return segmentsOf(twice);
}

/** Failed past the switch: it can only go forward. */
export async function unfinishedUpgrade(): Promise<ReadSegment[]> {
  const machine = machineWith();
  await failingAt('set-passive', machine, (machinery, controls) =>
    upgradeDevice(machinery, wishFor('/new'), controls),
  );
  return segmentsOf(machine);
}

/** The same operation after its hook had printed this often. */
export function talkative(segment: ReadSegment, times: number, text: string): ReadSegment {
  const at = segment.records.findIndex(({ event }) => event.type === 'hook.output');
  const model = segment.records[at];
  if (model?.event.type !== 'hook.output') throw new Error('no hook printed anything');
  const event = { ...model.event, text };
  const records: readonly EventRecord[] = [
    ...segment.records.slice(0, at),
    ...Array.from({ length: times }, () => ({ ...model, event })),
    ...segment.records.slice(at + 1),
  ].map((record, index) => ({ ...record, seq: index + 1 }));
  return { ...segment, records, state: foldOperation(records) };
}
