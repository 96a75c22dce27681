/**
 * A machine without power: its disks, and what would happen if it were switched on. The boot loader reads the environment
 * blocks and the images as GRUB would, the kernel then replays the journal and mounts what an initramfs mounts.
 */
import type { Role, Slot } from '../port.ts';
import { stateViews, imageName, sightsOf } from './boot-view.ts';
import type { Sight, StateView } from './boot-view.ts';
import {
  JUDGEMENT_BLOCK,
  judgementVariables,
  readJudgement,
  standingOf,
} from '../../boot/judgement.ts';
import { deviceOf } from './device-nodes.ts';
import type { Drive } from './drive.ts';
import { blockOf, variablesIn } from './environment-block.ts';
import { SimulatedFileSystem } from './file-system.ts';
import { makeDirectories } from './files.ts';
import type { UnmountedFileSystem } from './file-system.ts';
import { isBootable } from './inode.ts';
import type { ImageInode } from './inode.ts';
import { SimulatedMachine } from './machine.ts';
import type { Surroundings } from './machine.ts';
import type { SimulatedMount } from './mount-table.ts';
import { inodeAt, withInode, withNew } from './tree.ts';
import type { Tree } from './tree.ts';

export interface ColdMachine {
  readonly surroundings: Surroundings;
  readonly disks: ReadonlyMap<Role, UnmountedFileSystem>;
  /** The disk as a whole, where it may be divided; firmware starts a medium where nothing starts this. */
  readonly drive?: Drive;
  /** How often it was booted before. */
  readonly boots: number;
  readonly ticks: number;
}

/** Label that a slot's menu entry asks for (spec 1.6). */
export const ENTRY_LABEL: Readonly<Record<Slot, string>> = {
  active: 'COS_ACTIVE',
  passive: 'COS_PASSIVE',
  recovery: 'COS_SYSTEM',
};

export interface BootViews {
  /** Joint views of the two slots on COS_STATE. */
  readonly state: readonly StateView[];
  readonly recovery: readonly Sight[];
}

/** Everything GRUB might find on these disks. */
export function bootViews(cold: ColdMachine): BootViews {
  const [state, recovery] = [cold.disks.get('state'), cold.disks.get('recovery')];
  return {
    state: state === undefined ? [] : stateViews(state),
    recovery: recovery === undefined ? [] : sightsOf(recovery, imageName('recovery')),
  };
}

/** Switches the machine on. `undefined` when no entry of the menu boots. */
export function boot(switchedOn: ColdMachine): SimulatedMachine | undefined {
  if (switchedOn.drive?.startedBy === 'none') return startedFromMedium(switchedOn);
  const { cold: counted, automatic, words } = judged(switchedOn);
  const cold = withoutNextEntry(counted);
  const given = new Set<Slot>();
  for (const slot of automatic ?? menuOrder(switchedOn)) {
    const disk = cold.disks.get(slot === 'recovery' ? 'recovery' : 'state');
    if (disk === undefined) continue;
    const ino = disk.tree.names.get(imageName(slot));
    const image = inodeAt(disk.tree, imageName(slot));
    if (ino === undefined || image?.kind !== 'image' || !isBootable(image, ENTRY_LABEL[slot])) {
      given.add(slot);
      continue;
    }
    const lost = slot === 'passive' && given.has('active') ? ' slotwright.fell_back=grub' : '';
    return started(cold, slot, ino, image, words[slot] + lost);
  }
  return undefined;
}

interface Judged {
  readonly cold: ColdMachine;
  /** Order of the entries, where a judgement changes it. */
  readonly automatic?: readonly Slot[];
  /** What the menu adds to the command line of each entry. */
  readonly words: Readonly<Record<Slot, string>>;
}

/** The part of the menu that judges boots (`src/boot/judgement-menu.ts`): counts a start of the image on trial, or gives it up. */
function judged(cold: ColdMachine): Judged {
  const silent = { cold, words: { active: '', passive: '', recovery: '' } };
  const state = cold.disks.get('state');
  const path = `/${JUDGEMENT_BLOCK}`;
  const block = state === undefined ? undefined : inodeAt(state.tree, path);
  const active = state === undefined ? undefined : inodeAt(state.tree, imageName('active'));
  if (state === undefined || block?.kind !== 'text' || active?.kind !== 'image') return silent;
  if (menuOrder(cold)[0] !== 'active' || chosenOnce(cold)) return silent;
  const judgement = readJudgement(variablesIn(block.text));
  const standing = standingOf(judgement, active.uuid);
  if (standing === 'out-of-tries' || standing === 'condemned') {
    const why = standing === 'condemned' ? 'condemned' : 'tries';
    const passive = ` upgrade_failure slotwright.fell_back=${why} slotwright.judged=${active.uuid}`;
    return {
      cold,
      automatic: ['passive', 'recovery'],
      words: { active: '', passive, recovery: '' },
    };
  }
  if (standing !== 'on-trial') return silent;
  const triesLeft = (judgement.triesLeft ?? 1) - 1;
  const text = blockOf({
    ...variablesIn(block.text),
    ...judgementVariables({ ...judgement, triesLeft }),
  });
  const ino = state.tree.names.get(path) ?? 0;
  // In place, below the journal: every version of the disk shows it.
  const written = (tree: Tree): Tree => withInode(tree, ino, { kind: 'text', text });
  const counted = { ...state, tree: written(state.tree), versions: state.versions.map(written) };
  const which = `slotwright.judged=${active.uuid}`;
  const other = ` slotwright.counted=${triesLeft} ${which}`;
  return {
    cold: { ...cold, disks: new Map(cold.disks).set('state', counted) },
    words: { active: ` slotwright.trial=${triesLeft} ${which}`, passive: other, recovery: other },
  };
}

function chosenOnce(cold: ColdMachine): boolean {
  return oemVariables(cold)['next_entry'] !== undefined;
}

/** The menu forgets what was asked for once before it starts it. */
function withoutNextEntry(cold: ColdMachine): ColdMachine {
  const { next_entry: once, ...rest } = oemVariables(cold);
  const oem = cold.disks.get('oem');
  const ino = oem?.tree.names.get('/grubenv');
  if (once === undefined || oem === undefined || ino === undefined) return cold;
  const written = (tree: Tree): Tree => withInode(tree, ino, { kind: 'text', text: blockOf(rest) });
  const forgotten = { ...oem, tree: written(oem.tree), versions: oem.versions.map(written) };
  return { ...cold, disks: new Map(cold.disks).set('oem', forgotten) };
}

/** Entries in the order GRUB tries them: the chosen or saved one, then active, passive, recovery. */
function menuOrder(cold: ColdMachine): readonly Slot[] {
  const variables = oemVariables(cold);
  const first = slotOf(variables['next_entry'] ?? variables['saved_entry'] ?? 'cos');
  const all: readonly Slot[] = ['active', 'passive', 'recovery'];
  return [first, ...all.filter((slot) => slot !== first)];
}

function oemVariables(cold: ColdMachine): Readonly<Record<string, string>> {
  const oem = cold.disks.get('oem');
  const block = oem === undefined ? undefined : inodeAt(oem.tree, '/grubenv');
  return block?.kind === 'text' ? variablesIn(block.text) : {};
}

function slotOf(entry: string): Slot {
  if (entry === '1' || entry === 'fallback') return 'passive';
  if (entry === '2' || entry === 'recovery') return 'recovery';
  return 'active';
}

function started(
  cold: ColdMachine,
  slot: Slot,
  ino: number,
  image: ImageInode,
  words: string,
): SimulatedMachine {
  const home = slot === 'recovery' ? 'recovery' : 'state';
  const wanted: readonly Role[] = slot === 'recovery' ? [home, 'oem'] : [home, 'oem', 'persistent'];
  const mounted = wanted.filter((role) => cold.disks.get(role)?.facts.condition !== 'damaged');
  const fileSystems = fileSystemsOf(cold, mounted);
  for (const role of ['oem', 'persistent']) {
    const disk = fileSystems.get(role);
    if (disk !== undefined && mounted.some((other) => other === role)) disk.mode = 'rw';
  }
  fileSystems.get(home)?.held.add(ino);
  const boots = cold.boots + 1;
  return new SimulatedMachine({
    surroundings: cold.surroundings,
    ...(cold.drive === undefined ? {} : { drive: cold.drive }),
    fileSystems,
    boots,
    ticks: cold.ticks,
    mounts: [
      {
        at: '/',
        source: '/dev/loop0',
        fs: image.fs,
        root: { in: 'image', fs: home, ino, path: '/' },
        kind: 'image',
        by: 'boot',
        mode: 'ro',
      },
      memory('/run', 'run'),
      memory('/tmp', 'tmp'),
      ...mounted
        .filter((role) => cold.disks.has(role))
        .map((role) => partition(role, role === home ? '/run/initramfs/cos-state' : undefined)),
    ],
    facts: {
      root: true,
      bootId: `boot-${boots}`,
      commandLine: `root=LABEL=${ENTRY_LABEL[slot]} cos-img/filename=${imageName(slot)} panic=5${words}`,
      arch: cold.surroundings.arch,
      firmware: cold.surroundings.firmware,
      runningImage: `${home}:${ino}`,
    },
  });
}

/** A live system: its root is in memory, and nothing of the disk is mounted. */
function startedFromMedium(cold: ColdMachine): SimulatedMachine {
  const fileSystems = fileSystemsOf(cold, []);
  const root = new SimulatedFileSystem({ name: 'live', label: 'live', capacity: 2 ** 28 });
  root.mode = 'rw';
  for (const [path, text] of cold.surroundings.medium ?? []) {
    makeDirectories(root, path.slice(0, path.lastIndexOf('/')));
    root.change(withNew(root.tree, path, { kind: 'text', text }));
  }
  fileSystems.set('live', root);
  const boots = cold.boots + 1;
  return new SimulatedMachine({
    surroundings: cold.surroundings,
    ...(cold.drive === undefined ? {} : { drive: cold.drive }),
    fileSystems,
    boots,
    ticks: cold.ticks,
    mounts: [memory('/', 'live'), memory('/run', 'run'), memory('/tmp', 'tmp')],
    facts: {
      root: true,
      bootId: `boot-${boots}`,
      commandLine: 'cdroot root=live:CDLABEL=COS_LIVE rd.cos.disable',
      arch: cold.surroundings.arch,
      firmware: cold.surroundings.firmware,
    },
  });
}

function fileSystemsOf(
  cold: ColdMachine,
  mounted: readonly Role[],
): Map<string, SimulatedFileSystem> {
  const fileSystems = new Map<string, SimulatedFileSystem>();
  for (const [role, disk] of cold.disks) {
    fileSystems.set(
      role,
      SimulatedFileSystem.from(disk, mounted.includes(role) ? 'mounted' : 'unmounted'),
    );
  }
  for (const name of ['run', 'tmp']) {
    const inMemory = new SimulatedFileSystem({ name, label: name, capacity: 2 ** 28 });
    inMemory.mode = 'rw';
    fileSystems.set(name, inMemory);
  }
  return fileSystems;
}

function memory(at: string, name: string): SimulatedMount {
  return {
    at,
    source: 'tmpfs',
    fs: 'tmpfs',
    root: { in: 'file-system', fs: name, path: '/' },
    kind: 'tmpfs',
    by: 'boot',
    mode: 'rw',
  };
}

function partition(role: Role, at: string | undefined): SimulatedMount {
  return {
    at: at ?? (role === 'oem' ? '/oem' : '/usr/local'),
    source: deviceOf(role),
    fs: 'ext4',
    root: { in: 'file-system', fs: role, path: '/' },
    kind: 'device',
    by: 'boot',
    mode: at === undefined ? 'rw' : 'ro',
  };
}
