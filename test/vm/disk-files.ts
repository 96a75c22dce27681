/** Files on the disk of a machine that is off. */
import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PartitionName } from '../../src/media/partition-layout.ts';

const run = promisify(execFile);

export interface DiskFiles {
  /** Text of a file as the disk has it, without replaying a journal: what a boot loader sees. */
  read(partition: PartitionName, path: string): Promise<string>;
  list(partition: PartitionName, path: string): Promise<readonly string[]>;
  /** Replays the journal, as a kernel does before it mounts. Until then `write` may be undone by it. */
  replay(partition: PartitionName): Promise<void>;
  /** Makes or replaces a file; mode 0644. */
  write(partition: PartitionName, path: string, content: string | Buffer): Promise<void>;
  /** Overwrites bytes of a file in their place. */
  damage(partition: PartitionName, path: string, at: number, bytes: Buffer): Promise<void>;
}

/** `disk` has these partitions, at these bytes. */
export function diskFiles(
  disk: string,
  partitions: readonly { readonly name: string; readonly offset: number }[],
): DiskFiles {
  const place = (partition: PartitionName): string => {
    const offset = partitions.find(({ name }) => name === partition)?.offset ?? 0;
    return `${disk}?offset=${offset}`;
  };
  const ask = async (partition: PartitionName, request: string): Promise<string> =>
    (await run('debugfs', ['-R', request, place(partition)], { maxBuffer: 64 * 1024 * 1024 }))
      .stdout;
  const change = async (partition: PartitionName, request: string): Promise<void> => {
    await run('debugfs', ['-w', '-R', request, place(partition)]);
  };
  return {
    read: (partition, path) => ask(partition, `cat ${path}`),
    list: async (partition, path) =>
      (await ask(partition, `ls -p ${path}`))
        .split('\n')
        .map((line) => line.split('/')[5] ?? '')
        .filter((name) => !['', '.', '..'].includes(name)),
    replay: async (partition) => {
      // 1: the journal was replayed.
      await run('e2fsck', ['-E', 'journal_only', '-y', place(partition)]).catch(
        (error: unknown) => {
          if (codeOf(error) !== 1) throw error;
        },
      );
    },
    write: async (partition, path, content) => {
      await inScratch(async (scratch) => {
        await writeFile(scratch, content);
        await change(partition, `rm ${path}`);
        await change(partition, `write ${scratch} ${path}`);
      });
    },
    damage: async (partition, path, at, bytes) => {
      const block = Number(await ask(partition, `bmap ${path} ${Math.floor(at / BLOCK)}`));
      const { offset } = partitions.find(({ name }) => name === partition) ?? { offset: 0 };
      const file = await open(disk, 'r+');
      try {
        await file.write(bytes, 0, bytes.length, offset + block * BLOCK + (at % BLOCK));
      } finally {
        await file.close();
      }
    },
  };
}

/** Of the file systems that `build-disk` makes. */
const BLOCK = 4096;

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

async function inScratch(work: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'slotwright-file-'));
  try {
    await work(join(folder, 'content'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
