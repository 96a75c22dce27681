import { EntryError } from './entry-error.ts';
import type { Part } from './part.ts';

/** Partitions a disk. Not built yet: a step that asks for it fails and says so; one that names no disk asks for nothing. */
export const layout: Part = {
  name: 'layout',
  isAskedFor: ({ layout: wanted }) =>
    Boolean(wanted?.device?.path) || Boolean(wanted?.device?.label),
  async run() {
    throw new EntryError(
      '`layout` is not built yet in this version: partition the disk with a command',
    );
  },
};
