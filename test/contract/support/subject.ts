import type { ImageSource, System } from '../../../src/system/port.ts';

/** A running machine, and what a test of the port's promises may use of it. */
export interface Subject {
  readonly system: System;
  /** Where COS_STATE is mounted, read-write. */
  readonly stateAt: string;
  /** Disk that holds the machine's partitions; other disks of the host are none of a test's business. */
  readonly disk: string;
  /** Device node of COS_RECOVERY, which is mounted nowhere. */
  readonly recoveryDevice: string;
  /** A directory outside COS_STATE for mount points. */
  readonly mountPoints: string;
  /** A root tree with `/etc/os-release`. */
  readonly source: ImageSource;
  readonly discard: () => Promise<void>;
}
