/** Durability on a simulated machine: what survives a cut, and what is there for readers that replay no journal. */
import type { SettlePort } from '../port.ts';
import type { SimulatedMachine } from './machine.ts';
import { mountOf } from './mount-table.ts';
import { mustBeIdle } from './mounts.ts';
import { refusal } from './refusal.ts';

export function simulatedSettle(machine: SimulatedMachine): SettlePort {
  return {
    async sync(paths) {
      for (const path of paths) {
        const at = machine.locate(path);
        const fs = machine.fileSystem(at.fs);
        machine.moment(`sync ${path}`);
        if (at.in === 'image') fs.flushLoop(at.ino);
        fs.commit();
        machine.moment(`synced ${path}`);
      }
    },

    async checkpoint(mountPoint) {
      const mount = mountOf(machine.mounts, mountPoint);
      if (mount?.at !== mountPoint || mount.kind !== 'device') {
        throw refusal('not-mounted', `${mountPoint} is not a mount point`);
      }
      const fs = machine.fileSystem(mount.root.fs);
      if (fs.mode === 'ro') return;
      mustBeIdle(machine, mount);
      fs.assertWritable();
      machine.moment(`checkpoint ${mountPoint}`);
      fs.commit();
      machine.moment(`checkpoint ${mountPoint}: in the journal`);
      fs.checkpoint();
      fs.mode = 'ro';
      machine.moment(`checkpoint ${mountPoint}: read-only`);
      fs.mode = 'rw';
      machine.moment(`checkpointed ${mountPoint}`);
    },

    async thaw(mountPoint) {
      const mount = mountOf(machine.mounts, mountPoint);
      if (mount === undefined) return;
      machine.fileSystem(mount.root.fs).freeze = 'thawed';
    },
  };
}
