/**
 * A machine in memory whose power can be cut, or whose tool can be killed, at any moment: every effect announces the
 * moments inside it, and `cut` and `kill` answer with another machine while this one goes on. So one run yields every cut.
 * Deterministic: nothing here asks a clock or chance.
 */
import type { HostFacts, Role } from '../port.ts';
import { SystemError } from '../../errors.ts';
import type { ColdMachine } from './cold-machine.ts';
import type { Drive } from './drive.ts';
import type { SimulatedFileSystem } from './file-system.ts';
import type { UnsettledData } from './file-system.ts';
import type { SimulatedHook } from './stages.ts';
import type { Location } from './location.ts';
import type { SimulatedMount } from './mount-table.ts';
import { locate } from './mount-table.ts';
import type { SimulatedSource } from './sources.ts';

/** What stays the same whatever happens to the machine. */
export interface Surroundings {
  readonly arch: string;
  readonly firmware: 'bios' | 'efi';
  /** Root trees and image files that are not on the machine's own disks, by path. */
  readonly sources: ReadonlyMap<string, SimulatedSource>;
  readonly hooks: readonly SimulatedHook[];
  /** Files of a live medium, by path. */
  readonly medium?: ReadonlyMap<string, string>;
}

export interface PoweredParts {
  readonly surroundings: Surroundings;
  readonly fileSystems: ReadonlyMap<string, SimulatedFileSystem>;
  readonly drive?: Drive;
  readonly mounts: readonly SimulatedMount[];
  readonly facts: HostFacts;
  readonly boots: number;
  readonly ticks: number;
}

/** Called at every moment a cut can fall on, with what is happening there. May throw: then the effect ends there. */
export type MomentObserver = (what: string, machine: SimulatedMachine) => void;

export class SimulatedMachine {
  readonly surroundings: Surroundings;
  readonly facts: HostFacts;
  /** How often this machine was booted; stands in boot ids. */
  readonly boots: number;
  /** Counts on with every look at the clock and every new id, over cuts and boots. */
  ticks: number;
  mounts: readonly SimulatedMount[];
  onMoment: MomentObserver = () => undefined;
  power: 'on' | 'rebooting' | 'off' = 'on';
  /** Descriptors that the tool holds open for writing, by file system. */
  readonly descriptors = new Map<string, number>();
  readonly locks = new Set<string>();
  /** Processes that the tool or its hooks left running. */
  readonly processes = new Set<string>();
  /** The disk as a whole, where it may be divided. */
  drive: Drive | undefined;
  private readonly fileSystems: Map<string, SimulatedFileSystem>;

  constructor(parts: PoweredParts) {
    this.surroundings = parts.surroundings;
    this.facts = parts.facts;
    this.boots = parts.boots;
    this.ticks = parts.ticks;
    this.mounts = parts.mounts;
    this.fileSystems = new Map(parts.fileSystems);
    this.drive = parts.drive;
  }

  moment(what: string): void {
    this.onMoment(what, this);
  }

  /** The disk of the machine that has this role, for instance `state`. */
  disk(role: Role): SimulatedFileSystem {
    return this.fileSystem(role);
  }

  fileSystem(name: string): SimulatedFileSystem {
    const found = this.fileSystems.get(name);
    if (found === undefined) throw absent(`a file system "${name}"`);
    return found;
  }

  /** A partition was formatted. */
  addDisk(role: Role, fs: SimulatedFileSystem): void {
    this.fileSystems.set(role, fs);
  }

  removeDisk(role: Role): void {
    this.fileSystems.delete(role);
  }

  roles(): readonly Role[] {
    const all: readonly Role[] = ['efi', 'oem', 'recovery', 'state', 'persistent'];
    return all.filter((role) => this.fileSystems.has(role));
  }

  /** Where a path leads now. */
  locate(path: string): Location {
    const location = locate(this.mounts, path);
    if (location === undefined) throw absent(path);
    return location;
  }

  fileSystemOf(path: string): SimulatedFileSystem {
    return this.fileSystem(this.locate(path).fs);
  }

  /** Mounts that are there because of the tool. */
  toolMounts(): readonly SimulatedMount[] {
    return this.mounts.filter((mount) => mount.by === 'tool');
  }

  /** The power goes, now. What was not settled is lost, kept or torn. This machine goes on: it is another story. */
  cut(data: UnsettledData): ColdMachine {
    const disks = this.roles().map((role) => [role, this.disk(role).cut(data)] as const);
    const { surroundings, boots, ticks, drive } = this;
    const whole = drive === undefined ? {} : { drive };
    return { surroundings, disks: new Map(disks), ...whole, boots, ticks };
  }

  /**
   * The tool is killed, now: its mount namespace, loop devices, descriptors, locks and processes are gone, the disks are as
   * they are in memory. Answers with the machine after that; this one goes on.
   */
  kill(): SimulatedMachine {
    const fileSystems = new Map(
      [...this.fileSystems].map(([name, fs]) => [name, fs.fork()] as const),
    );
    const mounts = this.mounts
      .filter((mount) => mount.by === 'boot')
      .map(({ outside, ...mount }) => ({ ...mount, mode: outside ?? mount.mode }));
    const after = new SimulatedMachine({
      surroundings: this.surroundings,
      facts: this.facts,
      boots: this.boots,
      ticks: this.ticks,
      fileSystems,
      ...(this.drive === undefined ? {} : { drive: this.drive }),
      mounts,
    });
    for (const mount of this.toolMounts()) {
      if (mount.kind === 'image') after.dropLoop(mount.root);
    }
    for (const [name, fs] of fileSystems) {
      if (!mounts.some((mount) => mount.root.fs === name)) {
        fs.checkpoint();
        fs.mode = 'ro';
      }
    }
    return after;
  }

  /** Switched off or rebooted in order: everything is on the disks. */
  shutDown(): ColdMachine {
    const after = this.kill();
    for (const role of after.roles()) after.disk(role).checkpoint();
    return after.cut('kept');
  }

  /** A loop device went away: its data is in the file, and the file may be freed. */
  dropLoop(root: Location): void {
    if (root.in !== 'image') return;
    const { fs, ino } = root;
    this.fileSystem(fs).flushLoop(ino);
    if (
      this.mounts.some(
        ({ root: other }) => other.in === 'image' && other.fs === fs && other.ino === ino,
      )
    )
      return;
    this.fileSystem(fs).held.delete(ino);
  }
}

function absent(what: string): SystemError {
  return new SystemError({
    code: 'not-found',
    message: `${what} does not exist`,
    reason: 'no such file or directory',
  });
}
