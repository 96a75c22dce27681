/**
 * The one disk of a simulated machine as a whole: who starts it, its partitions before they have file systems, and the medium that
 * starts the machine when the disk does not.
 */
import type { DiskFacts, DisksPort, Role } from '../port.ts';
import { deviceOf, ROLE_ORDER } from './device-nodes.ts';
import { SimulatedFileSystem } from './file-system.ts';
import type { SimulatedMachine } from './machine.ts';
import { refusal } from './refusal.ts';

export const DISK = '/dev/vda';

export interface Drive {
  readonly bytes: number;
  /** `ours`: the disk starts with our boot loader. `none`: firmware starts the medium instead. */
  readonly startedBy: 'ours' | 'none';
  /** Bytes of each partition in the table, by role; those of other names are not simulated. */
  readonly partitions: ReadonlyMap<Role, number>;
}

/** Divided and formatted. Every effect here is durable when it is done, and nothing of it shows before it begins. */
export function simulatedDrive(
  machine: SimulatedMachine,
): Pick<DisksPort, 'missing' | 'describe' | 'divide' | 'format'> {
  const drive = (): Drive => {
    if (machine.drive !== undefined) return machine.drive;
    throw refusal('not-found', 'this machine has no disk that could be divided');
  };
  /** As the table says, or the file system that is there. */
  const bytesOf = (role: Role): number | undefined =>
    machine.roles().includes(role)
      ? machine.disk(role).facts.capacity
      : drive().partitions.get(role);
  return {
    missing: async () => [],

    async describe(path): Promise<DiskFacts | undefined> {
      if (path !== DISK || machine.drive === undefined) return undefined;
      const used = machine.mounts.filter(
        ({ kind, root }) => kind === 'device' && root.in === 'file-system',
      );
      return {
        device: DISK,
        kind: 'disk',
        bytes: machine.drive.bytes,
        sectorBytes: 512,
        mode: 'rw',
        users: used.map(({ source, at }) => `${source} is mounted at ${at}`),
      };
    },

    async divide(disk, table) {
      if (disk !== DISK) throw refusal('not-found', `there is no disk ${disk}`);
      machine.moment(`divide ${disk}`);
      machine.drive = { ...drive(), startedBy: 'none' };
      machine.moment(`divide ${disk}: nothing starts it`);
      for (const role of machine.roles()) machine.removeDisk(role);
      machine.drive = { ...drive(), partitions: new Map() };
      machine.moment(`divide ${disk}: no table`);
      const roles = table.partitions.flatMap(({ name, mebibytes }) => {
        const role = ROLE_ORDER.find((known) => known === name);
        return role === undefined ? [] : [[role, mebibytes * 2 ** 20] as const];
      });
      machine.drive = { ...drive(), partitions: new Map(roles) };
      machine.moment(`divided ${disk}`);
      return table.partitions.map(({ name }) => {
        const role = ROLE_ORDER.find((known) => known === name);
        return role === undefined ? `${DISK}-${name}` : deviceOf(role);
      });
    },

    async format(device, { fs, label = '' }) {
      machine.moment(`format ${device} as ${fs}`);
      const role = ROLE_ORDER.find((known) => deviceOf(known) === device);
      const capacity = role === undefined ? undefined : bytesOf(role);
      if (role !== undefined && capacity !== undefined) {
        machine.addDisk(role, new SimulatedFileSystem({ name: role, label, capacity }));
      }
      machine.moment(`formatted ${device}`);
    },
  };
}
