/**
 * `prepare-disk`: everything goes from a disk, and it gets partitions and file systems. The log of it is in memory until there is a COS_STATE to
 * keep it on. Interrupted, it is begun anew: nothing of it boots.
 */
import type { Operation } from './step.ts';
import { checkDisk } from './steps/check-disk.ts';
import { divideDisk } from './steps/divide-disk.ts';
import { formatPartitions } from './steps/format-partitions.ts';

export const prepareDisk: Operation = {
  name: 'prepare-disk',
  title: 'Give a disk partitions and file systems',
  version: 1,
  resources: [],
  steps: [checkDisk, divideDisk, formatPartitions],
};
