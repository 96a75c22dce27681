/** Machines to begin with: what is in their slots, what the user left on them, what can be installed. */
import type { Role, Slot } from '../port.ts';
import { JUDGEMENT_MENU } from '../../boot/judgement-menu.ts';
import { blockOf } from './environment-block.ts';
import { ENTRY_LABEL, boot } from './cold-machine.ts';
import type { ColdMachine } from './cold-machine.ts';
import { SimulatedFileSystem } from './file-system.ts';
import { makeDirectories } from './files.ts';
import type { ImageInode } from './inode.ts';
import type { SimulatedMachine } from './machine.ts';
import { contentsOf } from './sources.ts';
import type { SimulatedSource } from './sources.ts';
import type { SimulatedHook } from './stages.ts';
import { EMPTY_TREE, withNew } from './tree.ts';
import type { Tree } from './tree.ts';

export interface NewMachine {
  /** Version in each slot; a slot that is not named has no image. */
  readonly slots: Readonly<Partial<Record<Slot, string>>>;
  /** Files on COS_OEM and COS_PERSISTENT, by the path the running system shows them at: `/oem`, `/usr/local`. */
  readonly files?: Readonly<Record<string, string>>;
  readonly hooks?: readonly SimulatedHook[];
  /** Root trees and image files elsewhere, by path. */
  readonly sources?: Readonly<Record<string, SimulatedSource>>;
  /** Variables of the GRUB environment on COS_OEM, for instance `saved_entry`. */
  readonly bootVariables?: Readonly<Record<string, string>>;
  /** Boot menu on COS_STATE: one that judges boots, or one that only reads `/grubcustom` last. Absent: there is none. */
  readonly menu?: 'counts' | 'reads grubcustom';
  /** Partitions that cannot be mounted any more. */
  readonly damaged?: readonly Role[];
  readonly stateBytes?: number;
  readonly imageBytes?: number;
}

const MIB = 2 ** 20;

/** The disks of a machine that was installed and switched off. */
export function newDisks(declared: NewMachine): ColdMachine {
  const {
    slots,
    files = {},
    damaged = [],
    stateBytes = 8192 * MIB,
    imageBytes = 456 * MIB,
  } = declared;
  const disks = new Map<Role, SimulatedFileSystem>(
    (
      [
        ['oem', 'COS_OEM', 64 * MIB],
        ['recovery', 'COS_RECOVERY', 4096 * MIB],
        ['state', 'COS_STATE', stateBytes],
        ['persistent', 'COS_PERSISTENT', 4096 * MIB],
      ] as const
    ).map(([role, label, capacity]) => {
      const fs = new SimulatedFileSystem({ name: role, label, capacity });
      fs.mode = 'rw';
      return [role, fs];
    }),
  );
  const add = (role: Role, path: string, inode: Parameters<typeof withNew>[2]): void => {
    const fs = disks.get(role);
    if (fs === undefined) return;
    makeDirectories(fs, path.slice(0, path.lastIndexOf('/')));
    fs.change(withNew(fs.tree, path, inode));
  };
  for (const slot of ['active', 'passive', 'recovery'] as const) {
    const version = slots[slot];
    const role = slot === 'recovery' ? 'recovery' : 'state';
    if (version === undefined) continue;
    add(role, `/cOS/${slot}.img`, imageOf(version, ENTRY_LABEL[slot], imageBytes));
  }
  for (const [path, text] of Object.entries(files)) {
    const isOem = path.startsWith('/oem/');
    const inside = path.slice((isOem ? '/oem' : '/usr/local').length);
    add(isOem ? 'oem' : 'persistent', inside, { kind: 'text', text });
  }
  if (declared.menu !== undefined) {
    const text = declared.menu === 'counts' ? JUDGEMENT_MENU : 'source ($root)/grubcustom\n';
    add('state', '/grub2/grub.cfg', { kind: 'text', text });
  }
  if (declared.bootVariables !== undefined) {
    add('oem', '/grubenv', { kind: 'text', text: blockOf(declared.bootVariables) });
  }
  return {
    surroundings: {
      arch: 'x86_64',
      firmware: 'bios',
      sources: new Map(Object.entries(declared.sources ?? {})),
      hooks: declared.hooks ?? [],
    },
    disks: new Map(
      [...disks].map(([role, fs]) => {
        const off = switchedOff(fs);
        if (!damaged.includes(role)) return [role, off];
        const bare = { tree: EMPTY_TREE, versions: [EMPTY_TREE] };
        return [role, { facts: { ...off.facts, condition: 'damaged' }, ...bare }];
      }),
    ),
    boots: 0,
    ticks: 0,
  };
}

/** The same machine, running. Throws when nothing on it boots. */
export function newMachine(declared: NewMachine): SimulatedMachine {
  const machine = boot(newDisks(declared));
  if (machine === undefined) throw new Error('no slot of this machine boots');
  return machine;
}

/** A machine whose disk is empty, running a live medium. */
export function newLiveMachine(
  declared: Pick<NewMachine, 'sources' | 'hooks' | 'files'> = {},
): SimulatedMachine {
  const { files = {}, ...others } = declared;
  const { surroundings } = newDisks({ ...others, slots: {} });
  const machine = boot({
    surroundings: { ...surroundings, medium: new Map(Object.entries(files)) },
    disks: new Map(),
    drive: { bytes: 16 * 1024 * MIB, startedBy: 'none', partitions: new Map() },
    boots: 0,
    ticks: 0,
  });
  if (machine === undefined) throw new Error('the medium does not start');
  return machine;
}

/** A complete image of this version, as an installation leaves it. */
export function imageOf(version: string, label: string, bytes: number): ImageInode {
  return {
    kind: 'image',
    fs: 'ext2',
    label,
    uuid: `uuid-${version}`,
    bytes,
    usedBytes: Math.floor(bytes / 2),
    contents: contentsOf(version),
    filled: 'complete',
    condition: 'sound',
  };
}

function switchedOff(fs: SimulatedFileSystem): {
  facts: SimulatedFileSystem['facts'];
  tree: Tree;
  versions: readonly Tree[];
} {
  fs.checkpoint();
  return fs.cut('kept');
}
