import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { partitionsOf } from '../../../src/proof/cold-partitions.ts';
import { whileMounted } from '../../../src/proof/mounted-read-only.ts';
import { treeEntries } from '../../../src/proof/tree-entries.ts';
import { copyDisk, type Disk } from '../../../src/sandbox/disk.ts';
import { STATE_DIRECTORY } from '../../../state/state-directory.ts';

/** Every file of a powered-off disk with its digest, by partition: images, boot files, the user's data; without the tool's memory. */
export async function contentsOf(disk: Disk): Promise<Readonly<Record<string, string>>> {
  const folder = await mkdtemp(join(dirname(disk.path), 'contents-'));
  try {
    const copy = await copyDisk(disk, join(folder, 'disk'));
    const partitions = (await partitionsOf(disk.path)).filter(({ name }) => name !== 'bios');
    const fileSystems = partitions.map(({ offset, bytes }) => ({
      file: copy.path,
      offset,
      bytes,
      journal: 'replay' as const,
    }));
    return await whileMounted(fileSystems, async (roots) => {
      const all: Record<string, string> = {};
      for (const [index, root] of roots.entries()) {
        if (root === undefined) continue;
        for (const [path, line] of await treeEntries(root)) {
          if (path.split('/')[1] === STATE_DIRECTORY) continue;
          all[`${partitions[index]?.name ?? ''}:${path}`] = line;
        }
      }
      return all;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
