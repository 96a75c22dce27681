import { createHash } from 'node:crypto';
import type { DiskFacts, ImageSight } from '../laws.ts';

/**
 * Disks of one class are recovered alike: the same files with the same bytes (the log among them), the same images under the same names, some
 * of which are one file, the same sight for GRUB. What an unfinished image holds by then does not matter: nobody goes on with it.
 */
export function classOf(facts: DiskFacts, files: Readonly<Record<string, string>>): string {
  const { loader, loaderRecovery, images, names, log } = facts;
  const byId = groups(Object.entries(images).map(([name, { id }]) => [id, name]));
  const told = {
    loader: loader.map(({ active, passive }) => [glance(active), glance(passive)]),
    recovery: loaderRecovery.map(glance),
    images: Object.entries(images).map(([name, image]) => [name, glance(image)]),
    sameFile: [...byId.values()].filter((same) => same.length > 1),
    names,
    files,
    damage: 'damage' in log ? log.damage : undefined,
  };
  return createHash('sha256').update(JSON.stringify(told)).digest('hex');
}

function glance(sight: ImageSight): string {
  if (typeof sight === 'string') return sight;
  const { label = '', condition, content } = sight;
  return `${label} ${condition === 'complete' ? content : condition}`;
}

function groups(pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [key, value] of pairs) found.set(key, [...(found.get(key) ?? []), value]);
  return found;
}
