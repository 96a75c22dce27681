import { mkdir, rm } from 'node:fs/promises';
import { copyDisk, type Disk } from '../../sandbox/disk.ts';
import { hostCommand } from '../../sandbox/host-command.ts';
import type { Outcome } from '../../sandbox/inside.ts';
import type { Slot } from '../../system/port.ts';
import type { Rig } from '../cuts/rig.ts';
import { apply } from './block-states.ts';
import { recordDisk } from './recorded-disk.ts';
import { readWriteLog, type LoggedRequest } from './write-log.ts';

export interface Recording {
  /** The disk as it was before; the caller removes it. */
  readonly base: Disk;
  readonly log: readonly LoggedRequest[];
  /** How the command ended. */
  readonly outcome: Outcome;
}

/** What is recorded. */
export interface Recorded {
  /** Default: a fresh disk of the rig. It is copied, not booted. */
  readonly start?: Disk;
  readonly slot: Slot;
  readonly command: readonly string[];
}

/** Runs a command on a disk that records, from boot to shutdown. */
export async function record(rig: Rig, { start, slot, command }: Recorded): Promise<Recording> {
  const fresh = await rig.fresh();
  const base = start === undefined ? fresh : await copyDisk(start, fresh.path);
  return recordWhile(base, async (disk) => {
    const booted = await rig.boot(disk, slot);
    try {
      return await booted.run(command);
    } finally {
      await booted.shutdown();
    }
  });
}

/** Records what happens to a copy of a disk, and makes sure that the record explains every byte of it. */
export async function recordWhile(
  base: Disk,
  work: (disk: Disk) => Promise<Outcome>,
): Promise<Recording> {
  const below = await copyDisk(base, `${base.path}.below`);
  const folder = `${base.path}.recorded`;
  await mkdir(folder);
  const recorded = await recordDisk(below, folder);
  const outcome = await work(recorded.disk).finally(() => recorded.end());
  const log = await readWriteLog(recorded.log);
  const again = await copyDisk(base, `${base.path}.again`);
  await apply(again.path, log);
  await hostCommand('cmp', [again.path, below.path]);
  for (const path of [again.path, below.path, folder]) await rm(path, { recursive: true });
  return { base, log, outcome };
}
