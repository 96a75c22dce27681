/** A disk of which every write and every flush is recorded, below everything that runs on it. */
import { access, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import type { Disk } from '../../sandbox/disk.ts';
import { HOST_PATH, hostCommand } from '../../sandbox/host-command.ts';

export interface RecordedDisk {
  /** To be booted: what happens to it is recorded. */
  readonly disk: Disk;
  /** Format of dm-log-writes. */
  readonly log: string;
  /** Ends the recording; the disk is gone, the file below it has everything. */
  end(): Promise<void>;
}

/** Why nothing can be recorded here, or `undefined`. */
export async function missingForRecording(): Promise<string | undefined> {
  const fuse = await access('/dev/fuse').then(
    () => true,
    () => false,
  );
  if (!fuse) return 'there is no /dev/fuse';
  const { failed } = await execa('qemu-storage-daemon', ['--version'], {
    env: { PATH: HOST_PATH },
    reject: false,
  });
  return failed ? 'qemu-storage-daemon is missing: apt-get install qemu-system-common' : undefined;
}

/** Needs an empty folder of its own. */
export async function recordDisk(below: Disk, folder: string): Promise<RecordedDisk> {
  const [disk, log, pid] = [join(folder, 'disk'), join(folder, 'log'), join(folder, 'pid')];
  await writeFile(disk, '');
  await writeFile(log, '');
  // Sparse, and read as empty: the end of the log is its first header of zeroes.
  await truncate(log, 16 * 2 ** 30);
  await hostCommand('qemu-storage-daemon', [
    // A flush that took time would let writes that come after it look as if they came before.
    ...['--blockdev', `driver=file,node-name=data,filename=${below.path},cache.no-flush=on`],
    ...['--blockdev', `driver=file,node-name=log,filename=${log},cache.no-flush=on`],
    ...['--blockdev', 'driver=blklogwrites,node-name=both,file=data,log=log,log-sector-size=512'],
    ...['--export', `type=fuse,id=disk,node-name=both,mountpoint=${disk},writable=on`],
    ...['--pidfile', pid, '--daemonize'],
  ]);
  const daemon = Number(await readFile(pid, 'utf8'));
  return {
    disk: { path: disk },
    log,
    end: async () => {
      process.kill(daemon, 'SIGTERM');
      while (await runs(daemon)) await delay(LOOK_EVERY_MS);
    },
  };
}

const LOOK_EVERY_MS = 5;

async function runs(pid: number): Promise<boolean> {
  return access(`/proc/${String(pid)}`).then(
    () => true,
    () => false,
  );
}
