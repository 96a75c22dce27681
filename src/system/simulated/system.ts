/** A simulated machine as the rest of the program sees it. */
import type { DisksPort, HostPort, Partition, PowerPort, System } from '../port.ts';
import { deviceOf } from './device-nodes.ts';
import { DISK, simulatedDrive } from './drive.ts';
import { simulatedBoot } from './environment.ts';
import { simulatedFiles } from './files.ts';
import { simulatedHealth } from './health.ts';
import { simulatedImages } from './images.ts';
import type { SimulatedMachine } from './machine.ts';
import { simulatedMounts } from './mounts.ts';
import { simulatedSettle } from './settle.ts';
import { simulatedStages } from './stages.ts';

export function simulatedSystem(machine: SimulatedMachine): System {
  return {
    host: simulatedHost(machine),
    disks: simulatedDisks(machine),
    mounts: simulatedMounts(machine),
    files: simulatedFiles(machine),
    images: simulatedImages(machine),
    boot: simulatedBoot(machine),
    settle: simulatedSettle(machine),
    stages: simulatedStages(machine),
    health: simulatedHealth(machine),
    power: simulatedPower(machine),
  };
}

function simulatedHost(machine: SimulatedMachine): HostPort {
  return { facts: async () => machine.facts };
}

function simulatedDisks(machine: SimulatedMachine): DisksPort {
  return {
    async partitions() {
      return machine.roles().map((role): Partition => {
        const { label, capacity } = machine.disk(role).facts;
        const mount = machine.mounts.find(
          ({ kind, root }) => kind === 'device' && root.fs === role,
        );
        return {
          role,
          device: deviceOf(role),
          disk: DISK,
          label,
          fs: role === 'efi' ? 'vfat' : 'ext4',
          bytes: capacity,
          ...(mount === undefined ? {} : { mountedAt: mount.at }),
        };
      });
    },
    free: async (path) => machine.fileSystemOf(path).free,
    ...simulatedDrive(machine),
  };
}

function simulatedPower(machine: SimulatedMachine): PowerPort {
  return {
    async reboot() {
      machine.power = 'rebooting';
    },
    async poweroff() {
      machine.power = 'off';
    },
  };
}
