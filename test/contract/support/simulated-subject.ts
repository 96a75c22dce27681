import { newMachine } from '../../../src/system/simulated/new-machine.ts';
import { sourceOf } from '../../../src/system/simulated/sources.ts';
import { simulatedSystem } from '../../../src/system/simulated/system.ts';
import type { Subject } from './subject.ts';

/** A machine in memory, booted from its active image. */
export async function simulatedSubject(): Promise<Subject> {
  const machine = newMachine({
    slots: { active: '1.0', passive: '0.9' },
    sources: { '/srv/tree': sourceOf('2.0') },
  });
  const system = simulatedSystem(machine);
  const partitions = await system.disks.partitions();
  const state = partitions.find(({ role }) => role === 'state');
  const recovery = partitions.find(({ role }) => role === 'recovery');
  if (state?.mountedAt === undefined || recovery === undefined) throw new Error('no state');
  await system.mounts.remount(state.mountedAt, 'rw');
  return {
    system,
    stateAt: state.mountedAt,
    disk: state.disk,
    recoveryDevice: recovery.device,
    mountPoints: '/run/cos',
    source: { kind: 'dir', path: '/srv/tree', uri: 'dir:/srv/tree' },
    discard: async () => undefined,
  };
}
