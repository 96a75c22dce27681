/**
 * Everything a lifecycle operation may ask of a machine, grouped by noun. Types only.
 *
 * Adapters: `linux/` (the real machine), `simulated/` (a machine in memory whose power can be cut),
 * `faulty.ts` (any other adapter, failing at the n-th call) and `dry-run.ts` (reads pass, effects are told and imagined).
 * The simulated and the Linux adapter pass the same contract tests (`test/contract`).
 *
 * Conventions: paths are absolute paths of the running system; sizes are bytes; "absent" is `undefined`
 * or `[]`, never an error; every failure is a `SystemError`. A resolved promise means "done", not
 * "durable", unless the method says durable: durability is what {@link SettlePort} is for.
 */

/** What a partition is for. The names are those of the reference's configuration. */
export type Role = 'bios' | 'efi' | 'oem' | 'recovery' | 'state' | 'persistent';

/** An image slot: a file that the boot loader boots, under this name. */
export type Slot = 'active' | 'passive' | 'recovery';

/** One partition of the machine, found by probing the device itself (never by udev's links). */
export interface Partition {
  readonly role: Role;
  /** Device node, for instance `/dev/vda3`. */
  readonly device: string;
  /** The disk that holds it, for instance `/dev/vda`. */
  readonly disk: string;
  /** File-system label, where there is one. */
  readonly label?: string;
  /** File-system type as the kernel names it: `ext4`, `xfs`, `vfat`. */
  readonly fs?: string;
  readonly bytes: number;
  /** Where it is mounted in this process's namespace; the first one when there are several. */
  readonly mountedAt?: string;
}

/** What does not change while this process runs. */
export interface HostFacts {
  /** True when this process has user id 0. */
  readonly root: boolean;
  /** The kernel's random id of this boot. */
  readonly bootId: string;
  readonly commandLine: string;
  /** Machine type as the kernel names it: `x86_64`, `aarch64`. */
  readonly arch: string;
  readonly firmware: 'bios' | 'efi';
  /** Identity ({@link FileStat.id}) of the image file that backs the running root, if a file does. */
  readonly runningImage?: string;
}

export interface HostPort {
  facts(): Promise<HostFacts>;
}

export interface DisksPort {
  /** All partitions that carry one of our roles; several with one role are all listed. */
  partitions(): Promise<readonly Partition[]>;
  /** Bytes that root can still write into the file system that holds this path. */
  free(path: string): Promise<number>;
  /** Programs that making this would need and that are not here, each with its package. */
  missing(wanted: {
    readonly table: 'made' | 'kept';
    readonly fileSystems: readonly string[];
  }): Promise<readonly string[]>;
  /** What a path names, links resolved; absent when nothing has this name. */
  describe(path: string): Promise<DiskFacts | undefined>;
  /**
   * Takes everything from a disk and gives it this table. What could boot goes first; durable. Answers with the node of each
   * partition, in their order. A disk that somebody uses is a `SystemError` of code `disk-busy`.
   */
  divide(disk: string, table: PartitionTable): Promise<readonly string[]>;
  /** Makes an empty file system on a whole partition, over whatever is there; durable. */
  format(
    device: string,
    fileSystem: { readonly fs: string; readonly label?: string },
  ): Promise<void>;
}

/** A disk that may be given a system. */
export interface DiskFacts {
  /** Its node. */
  readonly device: string;
  readonly kind: 'disk' | 'partition' | 'other';
  readonly bytes: number;
  /** Of its smallest unit, as the disk says. */
  readonly sectorBytes: number;
  readonly mode: 'ro' | 'rw';
  /** Who uses it or a part of it, one clause each: mounts, swap, volumes on it. */
  readonly users: readonly string[];
}

export interface PartitionTable {
  readonly kind: 'gpt' | 'msdos';
  readonly partitions: readonly NewPartition[];
}

/** A partition to be; whole MiB, so that it lies well on every disk. */
export interface NewPartition {
  /** GPT name; msdos keeps none. */
  readonly name: string;
  /** From the start of the disk. */
  readonly startMiB: number;
  readonly mebibytes: number;
  readonly type: 'bios' | 'efi' | 'linux';
  /** The flag of msdos. */
  readonly boots: boolean;
}

export interface Mount {
  readonly at: string;
  /** Device node or, for a bind mount, the source as the kernel shows it. */
  readonly source: string;
  readonly fs: string;
  readonly mode: 'ro' | 'rw';
  /** Of the file system, for all its mounts: `rw` under a read-only mount where a killed process left it so. */
  readonly fileSystem: 'ro' | 'rw';
}

export type MountRequest =
  | {
      readonly kind: 'device';
      readonly source: string;
      readonly at: string;
      readonly mode: 'ro' | 'rw';
      /** Not brought up to date, which would write to the disk; of ext3, ext4 and XFS, read-only. */
      readonly journal?: 'as it is';
    }
  /** An image file through a loop device that frees itself with the mount. */
  | {
      readonly kind: 'image';
      readonly source: string;
      readonly at: string;
      readonly mode: 'ro' | 'rw';
    }
  | {
      readonly kind: 'bind';
      readonly source: string;
      readonly at: string;
      readonly mode: 'ro' | 'rw';
    };

export interface MountsPort {
  list(): Promise<readonly Mount[]>;
  /** Mounts; creates the mount point when it is missing. */
  mount(request: MountRequest): Promise<void>;
  remount(at: string, mode: 'ro' | 'rw'): Promise<void>;
  /** Unmounts the topmost mount at this path. Busy: a `SystemError` of code `mount-busy` that names the holders. */
  unmount(at: string): Promise<void>;
  /** Who keeps in use what is at or below a path, in words: mounts, processes by number and name, loop devices. */
  users(at: string): Promise<readonly string[]>;
}

export interface FileStat {
  /**
   * Identity of the inode: equal for two names of one file, whatever the path. `<device>:<inode>`; what follows the last
   * colon is stable over reboots within one file system, what precedes it is not.
   */
  readonly id: string;
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  readonly bytes: number;
  /** What removing its last name gives back: less than `bytes` where it has holes. */
  readonly allocatedBytes: number;
  readonly links: number;
}

export interface FilesPort {
  /** Of the name itself: links are not followed. */
  stat(path: string): Promise<FileStat | undefined>;
  readText(path: string): Promise<string | undefined>;
  /**
   * Where a name leads with this directory as the root of everything: a link in an image means a place in the image, never one of this
   * machine. What is not there is taken as it is named.
   */
  inside(root: string, name: string): Promise<string>;
  /** Names in a directory, sorted by code unit; empty when it is missing. */
  list(path: string): Promise<readonly string[]>;
  /** Makes a directory and its parents; an existing one keeps its mode. */
  makeDirectory(path: string, mode: number): Promise<void>;
  /** Replaces or creates a file. Durable and atomic: temporary file, fsync, rename, fsync of the directory. */
  writeText(path: string, text: string, mode: number): Promise<void>;
  link(existing: string, name: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file name; an absent one is fine. */
  remove(path: string): Promise<void>;
  /** Removes a directory tree; never crosses a mount point (law 6) and refuses when one lies below. */
  removeTree(path: string): Promise<void>;
}

/** Where an image comes from. `dir` is a root tree, `file` a file system in a file (ext2/3/4, squashfs). */
export interface ImageSource {
  readonly kind: 'dir' | 'file';
  /** Absolute, links resolved. */
  readonly path: string;
  /** As written by the user or the configuration; what state.yaml shows. */
  readonly uri: string;
}

/** What inspection of a source found, before a byte is copied. */
export interface SourceFacts {
  /** Of the stat manifest for `dir`, of the bytes for `file`. Names what would be installed (law 3). */
  readonly digest: string;
  /** Apparent size of all regular files, hard links once. */
  readonly contentBytes: number;
  readonly files: number;
  /** What it takes in an image of ours: files, directories and long links in whole blocks, and their inodes; for plans. */
  readonly blockBytes?: number;
  /** Machine type of its `/bin/sh`, where there is one: `x86_64`, `aarch64`. */
  readonly arch?: string;
  /** File-system type for `file`. */
  readonly fs?: string;
}

/** How far a long effect has come. */
export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface Effort {
  readonly signal: AbortSignal;
  readonly report?: (progress: Progress) => void;
}

/** Whether a tree has SELinux contexts now; where not, why, as a clause about the tree. */
export type ContextsResult =
  { readonly set: 'yes' } | { readonly set: 'no'; readonly reason: string };

export interface ImagesPort {
  /** Reads a source without changing anything. Remembered for the life of the process. */
  inspect(source: ImageSource, effort: Effort): Promise<SourceFacts>;
  /** Makes a sparse file of this size with an empty file system of this label; the name must be free. */
  create(
    path: string,
    image: { readonly bytes: number; readonly label: string; readonly fs: string },
  ): Promise<void>;
  /** Copies a source into a mounted, empty tree, reading each byte once; returns the digest of what it wrote. */
  fill(
    source: ImageSource,
    at: string,
    effort: Effort,
  ): Promise<{ readonly digest: string; readonly bytes: number; readonly files: number }>;
  /** Copies an image file under a free name, sharing blocks where the file system can. */
  copy(from: string, to: string, effort: Effort): Promise<void>;
  /** Brings a file, local or by HTTP(S), under this name, replacing what has it; durable. Answers with the digest of its bytes. */
  fetch(
    from: string,
    to: string,
    mode: number,
    effort: Effort,
  ): Promise<{ readonly digest: string }>;
  /** Packs the content of an image file into a squashfs under a free name; a failure leaves nothing under it. */
  pack(
    from: string,
    to: string,
    /** Of mksquashfs: compression. */
    how: { readonly options: readonly string[] },
    effort: Effort,
  ): Promise<void>;
  /** File-system label inside an image file. */
  label(path: string): Promise<string | undefined>;
  /** UUID of the file system inside an image file, in lower case: what GRUB knows an image by. A copy keeps it. */
  uuid(path: string): Promise<string | undefined>;
  relabel(path: string, label: string): Promise<void>;
  /** Gives the files of a mounted tree the SELinux contexts of its own policy, by its own tool; a failure is `selinux-failed`. */
  setContexts(root: string, effort: Effort): Promise<ContextsResult>;
  /** Checks the file system inside an unmounted image, changing nothing; damage is a `SystemError` of code `image-damaged`. */
  check(path: string, effort: Effort): Promise<void>;
  /** Digest of an image's content; holes and zeroes are one, so copies with other holes are equal. */
  digest(path: string, effort: Effort): Promise<string>;
}

export interface BootPort {
  /** Variables of a GRUB environment block. */
  readEnvironment(path: string): Promise<Readonly<Record<string, string>> | undefined>;
  /**
   * Sets variables (an empty string unsets). Durable. An absent block is created whole and checkpointed; an existing
   * one is overwritten in place by one 1024-byte write and never renamed (architecture section 5).
   */
  writeEnvironment(path: string, changes: Readonly<Record<string, string>>): Promise<void>;
  /** What is missing to make a boot loader from this system or from this tree, one clause each. */
  loaderMissing(loader: Pick<NewLoader, 'firmware' | 'arch' | 'tree'>): Promise<readonly string[]>;
  /**
   * Makes the files of a boot loader below an empty directory: what the new system brings signed, else GRUB built here. Nothing boots by
   * that. What is missing is a `SystemError` of code `boot-loader-missing`.
   */
  prepareLoader(
    loader: NewLoader,
    directory: string,
    effort: Effort,
  ): Promise<{ /** File for a boot entry of the firmware. */ readonly start?: string }>;
  /**
   * Makes the disk start with prepared files. The last write makes it so; before it the disk starts as it did. Durable, and
   * doing it twice is doing it once.
   */
  installLoader(place: LoaderPlace, directory: string): Promise<void>;
  /** Makes firmware start this loader first, in place of entries of the same name. False where the machine has no such memory. */
  addBootEntry(entry: {
    readonly disk: string;
    readonly partition: string;
    readonly label: string;
    /** File of the loader, from the top of the EFI partition. */
    readonly loader: string;
  }): Promise<boolean>;
}

export interface NewLoader {
  readonly firmware: 'bios' | 'efi';
  readonly arch: string;
  /** Root tree of the new system. */
  readonly tree: string;
  /** Labels of the partitions whose menu is read: the first that is there. */
  readonly menuOn: readonly string[];
  /** Folder of the boot menu: modules that a signed loader lacks go below it. */
  readonly modulesAt: string;
}

export type LoaderPlace =
  /** `core` is the partition for it; absent: the gap before the first partition. */
  | { readonly firmware: 'bios'; readonly disk: string; readonly core?: string }
  /** Mount point of the EFI partition. */
  | { readonly firmware: 'efi'; readonly at: string };

export interface SettlePort {
  /** Resolves when everything written so far in the file systems that hold these paths is durable. */
  sync(paths: readonly string[]): Promise<void>;
  /** Resolves when the file system mounted here is itself current, not only its journal (for readers that do not replay it). */
  checkpoint(mountPoint: string): Promise<void>;
  /** Undoes a freeze that a killed process may have left behind. */
  thaw(mountPoint: string): Promise<void>;
}

/** One thing a hook did. The log records these as `hook.*` events. */
export type HookEvent =
  | {
      readonly type: 'hook.started';
      readonly stage: string;
      readonly source: string;
      readonly step: string;
    }
  | {
      readonly type: 'hook.skipped';
      readonly stage: string;
      readonly source: string;
      readonly step: string;
      readonly reason: string;
    }
  | {
      readonly type: 'hook.output';
      readonly stage: string;
      readonly source: string;
      readonly step: string;
      readonly part: string;
      readonly text: string;
      readonly truncated: boolean;
    }
  | {
      readonly type: 'hook.completed';
      readonly stage: string;
      readonly source: string;
      readonly step: string;
    }
  | {
      readonly type: 'hook.failed';
      readonly stage: string;
      readonly source: string;
      readonly step?: string;
      readonly part?: string;
      readonly error: string;
      readonly line?: number;
      readonly column?: number;
    }
  | {
      readonly type: 'hook.warned';
      readonly stage: string;
      readonly source: string;
      readonly warning: string;
      readonly line?: number;
      readonly column?: number;
    };

export interface StageRequest {
  /** Without `.before`/`.after`: the three are run in turn. */
  readonly stage: string;
  /** Target root of a chroot stage; absent for a stage of the running system. */
  readonly root?: string;
  /** Further cloud-init sources of the configuration, after the three default paths. */
  readonly extraPaths: readonly string[];
  /** Goes into the environment of hooks: the documented variables, by full name. */
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Called in order; the stage waits for it (events are durable before the next effect). */
  readonly emit: (event: HookEvent) => Promise<void>;
  /** Output as it comes, for people; not durable. */
  readonly show?: (text: string) => void;
}

/** What a stage came to. Failures are told, not thrown: the caller decides by its strictness. */
export interface StageResult {
  readonly stepsRun: number;
  readonly stepsSkipped: number;
  /** One sentence each, with file, line and step. */
  readonly failures: readonly string[];
}

/** A hook file that would apply, for the key of an operation (law 3). */
export interface HookFile {
  readonly path: string;
  readonly digest: string;
}

export interface StagesPort {
  /** Throws only when the stage could not be run at all (no chroot, no namespace) or was interrupted. */
  run(request: StageRequest): Promise<StageResult>;
  /** Every file and kernel-command-line text outside the image that hooks would be read from. */
  files(extraPaths: readonly string[]): Promise<readonly HookFile[]>;
}

/** What one health check said. */
export interface HealthResult {
  /** Path of the executable, or name of the unit. */
  readonly check: string;
  readonly healthy: boolean;
  /** The end of what it printed, or the state of the unit. */
  readonly said: string;
}

export interface HealthPort {
  /** Runs the executables of the health directories in the order of their names, then looks whether these units are active. */
  check(
    wanted: { readonly units: readonly string[]; readonly timeoutMs: number },
    effort: Effort,
  ): Promise<readonly HealthResult[]>;
}

export interface PowerPort {
  reboot(): Promise<void>;
  poweroff(): Promise<void>;
}

/** The machine. */
export interface System {
  readonly host: HostPort;
  readonly disks: DisksPort;
  readonly mounts: MountsPort;
  readonly files: FilesPort;
  readonly images: ImagesPort;
  readonly boot: BootPort;
  readonly settle: SettlePort;
  readonly stages: StagesPort;
  readonly health: HealthPort;
  readonly power: PowerPort;
}

/** Time, as the log needs it: wall clock for people, monotonic for durations. */
export interface Clock {
  /** RFC 3339, UTC, milliseconds. */
  now(): string;
  /** Milliseconds since an arbitrary start, never going back within one boot. */
  monotonic(): number;
}

export interface Ids {
  /** A new operation id: short, url-safe, unique over the life of a device. */
  next(): string;
}
