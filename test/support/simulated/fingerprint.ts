/** Tells disks apart by what is on them, so that every different one is carried on once. */
import { createHash } from 'node:crypto';
import type { ColdMachine } from '../../../src/system/simulated/cold-machine.ts';
import { contentDigest } from '../../../src/system/simulated/content.ts';
import type { Inode } from '../../../src/system/simulated/inode.ts';

/** Equal for two disks exactly when they hold the same under the same names. */
export function fingerprint(cold: ColdMachine): string {
  const hash = createHash('sha256');
  hash.update(cold.drive?.startedBy ?? '');
  for (const [role, { tree }] of cold.disks) {
    hash.update(`\n${role}`);
    for (const [path, ino] of tree.names) {
      hash.update(`\n${path} ${ino} ${told(tree.inodes.get(ino))}`);
    }
  }
  return hash.digest('base64');
}

function told(inode: Inode | undefined): string {
  switch (inode?.kind) {
    case undefined:
    case 'directory':
      return '';
    case 'text':
      return inode.text;
    case 'log':
      return `${inode.records.at(-1)?.hash ?? ''} ${inode.tornBytes}`;
    case 'image':
      return `${inode.label} ${inode.filled} ${inode.condition} ${contentDigest(inode.contents)}`;
  }
}
