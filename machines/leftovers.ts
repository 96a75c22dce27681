/**
 * Files that operations left behind which are abandoned: nobody goes on with them. They may go before a new image is made, all but images
 * under the name `retired`: each of those was known to be good, and only a reset gives it up.
 */
import type { System } from '../src/system/port.ts';
import { isOurs } from './slots.ts';

/** What interrupted runs of the reference leave behind, under the names it uses again (spec 1.2, W4, W36). */
const OF_THE_REFERENCE = ['transition.img', 'transition.imgTree', 'transition.squashfs'];

interface Place {
  readonly system: System;
  /** Folder of the images. */
  readonly folder: string;
  /** The operation that looks; its own files are none. */
  readonly id: string;
}

/** Paths of what may go; sorted. */
export async function leftovers({ system, folder, id }: Place): Promise<readonly string[]> {
  return (await system.files.list(folder))
    .filter((name) => OF_THE_REFERENCE.includes(name) || isOfAnother(name, id, DISPOSABLE))
    .map((name) => `${folder}/${name}`);
}

/** Paths of images that abandoned operations kept to become passive. */
export async function keptByOthers({ system, folder, id }: Place): Promise<readonly string[]> {
  return (await system.files.list(folder))
    .filter((name) => isOfAnother(name, id, /^retired\./))
    .map((name) => `${folder}/${name}`);
}

/** Names of ours, with the id of the operation in them. */
const DISPOSABLE = /^(transition|doomed)\.[A-Za-z0-9_-]+\..*(img|squashfs)$/;

function isOfAnother(name: string, id: string, kind: RegExp): boolean {
  return kind.test(name) && !isOurs(name, id);
}

/** Bytes that come back when all these names go: what has a name besides them keeps its blocks. */
export async function freedBy(system: System, paths: readonly string[]): Promise<number> {
  const found = new Map<string, { readonly bytes: number; readonly others: number }>();
  for (const path of new Set(paths)) {
    const stat = await system.files.stat(path);
    if (stat?.kind !== 'file') continue;
    const others = (found.get(stat.id)?.others ?? stat.links) - 1;
    found.set(stat.id, { bytes: stat.allocatedBytes, others });
  }
  return [...found.values()].reduce(
    (sum, { bytes, others }) => sum + (others === 0 ? bytes : 0),
    0,
  );
}

/** Removes a file or a whole directory; an absent one is fine. */
export async function removeAll(system: System, path: string): Promise<void> {
  const stat = await system.files.stat(path);
  if (stat?.kind === 'directory') await system.files.removeTree(path);
  else await system.files.remove(path);
}
