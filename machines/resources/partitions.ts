/**
 * COS_RECOVERY, COS_PERSISTENT and COS_OEM, mounted read-write where the reference mounts them. COS_STATE is not among them: it is
 * opened with the log, before the first record.
 */
import { SystemError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import type { Role } from '../../src/system/port.ts';
import * as z from 'zod';
import { readOnlyAgain } from '../read-only-again.ts';
import { placeOf, type Resource, type StepContext } from '../step.ts';
import type { JsonValue } from '../../state/records.ts';

const detail = z.array(z.object({ at: z.string(), took: z.enum(['mount', 'remount']) }));

export const partitions: Resource = {
  name: 'partitions',
  title: 'recovery, persistent and OEM partitions, mounted read-write',
  acquire: (context) => open(context, ROLES),
  release: close,

  /** A file system that is writable behind mounts that are all read-only: nobody but a process that was killed leaves it so. */
  async reclaim({ system, device }) {
    const mounted = await system.mounts.list();
    for (const role of ROLES) {
      const at = placeOf(device, role);
      const mount = mounted.findLast((candidate) => candidate.at === at);
      if (mount?.fileSystem !== 'rw') continue;
      const all = mounted.filter(({ source }) => source === mount.source);
      if (all.every(({ mode }) => mode === 'ro')) await readOnlyAgain(system, device, mount.at);
    }
  },
};

/** All that the undoing of a new recovery image touches. */
export const recoveryPartition: Resource = {
  name: 'recovery-partition',
  title: 'recovery partition, mounted read-write',
  acquire: (context) => open(context, ['recovery']),
  release: close,
};

const ROLES = ['recovery', 'persistent', 'oem'] as const;

async function open(
  { system, device }: StepContext,
  roles: readonly (typeof ROLES)[number][],
): Promise<z.infer<typeof detail>> {
  const taken: z.infer<typeof detail> = [];
  const mounted = await system.mounts.list();
  for (const role of roles) {
    const partition = device.partitions.find((candidate) => candidate.role === role);
    const at = placeOf(device, role);
    if (partition === undefined || at === undefined) continue;
    const present = mounted.findLast((mount) => mount.at === at);
    if (present?.mode === 'rw') continue;
    try {
      if (present === undefined) {
        await system.mounts.mount({ kind: 'device', source: partition.device, at, mode: 'rw' });
      } else {
        await system.mounts.remount(at, 'rw');
      }
    } catch (cause) {
      throw new SystemError({
        code: `mount-${role}`,
        message: `cannot mount the ${role} partition ${partition.device} read-write at ${at}`,
        reason: cause instanceof Error ? cause.message : String(cause),
        hint: 'look at "findmnt" and the kernel log; check the file system only while it is mounted nowhere',
        exit: exitOf(role),
        cause,
      });
    }
    taken.push({ at, took: present === undefined ? 'mount' : 'remount' });
  }
  return taken;
}

async function close({ system, device }: StepContext, taken: JsonValue): Promise<void> {
  for (const { at, took } of detail.parse(taken).toReversed()) {
    if (took === 'mount') await system.mounts.unmount(at);
    else await readOnlyAgain(system, device, at);
  }
}

function exitOf(role: Role): number {
  return role === 'recovery' ? EXIT.mountRecovery : EXIT.mountPartitions;
}
