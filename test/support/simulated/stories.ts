/** The machines that the crash matrix begins with: every way of having booted that changes what an upgrade must do. */
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import { newMachine, type NewMachine } from '../../../src/system/simulated/new-machine.ts';
import { sourceOf } from '../../../src/system/simulated/sources.ts';
import type { UpgradeWish } from '../../../src/engine/upgrade.ts';
import { upgrade, wishFor } from './commands.ts';

export interface Story {
  /** Completes "an upgrade of a machine that ...". */
  readonly name: string;
  readonly begin: () => Promise<SimulatedMachine>;
  /** Path of what is installed. */
  readonly source: string;
  /** What of the request differs from the usual one. */
  readonly more?: Partial<UpgradeWish>;
  /** Slot that holds the last good system, where it is not what runs. */
  readonly lastGood?: 'active' | 'passive';
}

/** What is asked for in a story. */
export function wishOf({ source, more }: Story): UpgradeWish {
  return wishFor(source, more);
}

/** Files that the hooks of {@link parts} change. */
export const HOOK_FILES = ['/oem/hook.log', '/usr/local/hook.log', '/oem/before.log'];

const parts: Omit<NewMachine, 'slots'> = {
  files: {
    '/oem/install.yaml': 'stages: {}',
    '/oem/settings': 'of the user',
    '/usr/local/data': 'of the user',
  },
  sources: {
    '/new': sourceOf('two'),
    '/newer': sourceOf('three'),
    '/judged': sourceOf('two', { '/etc/slotwright/confirm': '' }),
    '/judged-newer': sourceOf('three', { '/etc/slotwright/confirm': '' }),
  },
  hooks: [
    {
      stage: 'before-upgrade',
      source: '/oem/install.yaml',
      step: 'note the start',
      writes: { '/oem/before.log': 'started' },
    },
    {
      stage: 'after-upgrade-chroot.before',
      source: '/oem/install.yaml',
      step: 'write into the new system',
      writes: { '/etc/motd': 'hello', '/usr/local/hook.log': 'seen' },
      outputs: ['hello\n'],
      leavesProcess: 'daemon of a hook',
    },
    {
      stage: 'after-upgrade',
      source: '/oem/install.yaml',
      step: 'look from outside',
      writes: { '/run/cos/workingtree/etc/issue': 'hello' },
    },
    {
      stage: 'post-upgrade',
      source: '/oem/install.yaml',
      step: 'note the end',
      writes: { '/oem/hook.log': 'done' },
    },
  ],
};

function story(name: string, more: NewMachine, source = '/new'): Story {
  return { name, source, begin: async () => newMachine({ ...parts, ...more }) };
}

const RECOVERY = { slot: 'recovery', label: 'COS_SYSTEM' } as const;

/** Upgrades of the recovery system. */
export const recovering = {
  fromActive: {
    ...story('booted from active and gets a new recovery system', {
      slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
    }),
    more: RECOVERY,
  },
  fromRecovery: {
    ...story('booted from recovery and replaces the recovery system', {
      slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
      bootVariables: { saved_entry: 'recovery' },
    }),
    more: RECOVERY,
    lastGood: 'active',
  },
  packed: {
    ...story('booted from active and gets a squashfs as recovery system', {
      slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
    }),
    more: { ...RECOVERY, fs: 'squashfs' },
  },
} satisfies Record<string, Story>;

export const booted = {
  fromActive: story('booted from active', {
    slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
  }),
  withoutPassive: story('booted from active and has no passive', {
    slots: { active: 'one', recovery: 'rescue' },
  }),
  fromPassive: story('booted from passive', {
    slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
    bootVariables: { saved_entry: 'fallback' },
  }),
  fromRecovery: story('booted from recovery', {
    slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
    bootVariables: { saved_entry: 'recovery' },
  }),
  withoutActive: story('booted from passive because active is gone', {
    slots: { passive: 'zero', recovery: 'rescue' },
  }),
  rescued: story('booted from recovery because both slots are gone', {
    slots: { recovery: 'rescue' },
  }),
  judged: story(
    'booted from active and installs an image that will be judged',
    { slots: { active: 'one', passive: 'zero', recovery: 'rescue' }, menu: 'counts' },
    '/judged',
  ),
  judgedByOther: story(
    'has a menu of another kind and installs an image that will be judged',
    { slots: { active: 'one', passive: 'zero', recovery: 'rescue' }, menu: 'reads grubcustom' },
    '/judged',
  ),
  judgedTwice: {
    name: 'was upgraded to an image that will be judged and not rebooted since',
    source: '/judged-newer',
    lastGood: 'passive',
    begin: async () => {
      const machine = newMachine({
        ...parts,
        slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
        menu: 'counts',
      });
      await upgrade(machine, wishFor('/judged'));
      return machine;
    },
  },
  twice: {
    name: 'was upgraded and not rebooted since',
    source: '/newer',
    begin: async () => {
      const machine = newMachine({
        ...parts,
        slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
      });
      await upgrade(machine, wishFor('/new'));
      return machine;
    },
  },
} satisfies Record<string, Story>;
