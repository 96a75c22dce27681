/** The machines that the crash matrix begins with: every way of having booted that changes what an upgrade must do. */
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import { newMachine, type NewMachine } from '../../../src/system/simulated/new-machine.ts';
import { sourceOf } from '../../../src/system/simulated/sources.ts';
import { JUDGEMENT_MENU } from '../../../src/boot/judgement-menu.ts';
import type { UpgradeWish } from '../../../src/engine/upgrade.ts';
import type { Outcome } from '../../../src/engine/machinery.ts';
import { deploy, reset, upgrade, wishFor } from './commands.ts';

export interface Story {
  /** Completes "an upgrade of a machine that ...". */
  readonly name: string;
  readonly begin: () => Promise<SimulatedMachine>;
  /** Path of what is installed. */
  readonly source: string;
  /** What of the request differs from the usual one. */
  readonly more?: Partial<UpgradeWish>;
  /** Slot that holds the last good system, where it is not what runs. */
  readonly lastGood?: 'active' | 'passive' | 'recovery';
  /** What the user asks for; an upgrade when absent. */
  readonly ask?: (machine: SimulatedMachine, wish: UpgradeWish) => Promise<Outcome>;
  /** Files of the user that go or change because the user asked for that. */
  readonly changes?: readonly string[];
  /** What must boot at every instant, where that is not a slot. */
  readonly always?: 'recovery';
  /** Slots that are let go for want of room. */
  readonly givenUp?: readonly ('active' | 'passive')[];
  /** A cut may end in undoing it, and in asking again where that is possible. */
  readonly mayEnd?: 'undone';
  /** Asked for again, it is done again. */
  readonly again?: 'done';
}

/** What is asked for in a story. */
export function wishOf({ source, more }: Story): UpgradeWish {
  return wishFor(source, more);
}

/** Asks for it. */
export function ask(story: Story, machine: SimulatedMachine): Promise<Outcome> {
  return (story.ask ?? upgrade)(machine, wishOf(story));
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
    '/with-menu': sourceOf('two', {
      '/etc/cos/grub.cfg': `menuentry one { boot }\n${JUDGEMENT_MENU}`,
    }),
    '/judged-newer': sourceOf('three', { '/etc/slotwright/confirm': '' }),
  },
  hooks: ['upgrade', 'reset', 'deploy'].flatMap((verb) => [
    {
      stage: `before-${verb}`,
      source: '/oem/install.yaml',
      step: 'note the start',
      writes: { '/oem/before.log': 'started' },
    },
    {
      stage: `after-${verb}-chroot.before`,
      source: '/oem/install.yaml',
      step: 'write into the new system',
      writes: { '/etc/motd': 'hello', '/usr/local/hook.log': 'seen' },
      outputs: ['hello\n'],
      leavesProcess: 'daemon of a hook',
    },
    {
      stage: `after-${verb}`,
      source: '/oem/install.yaml',
      step: 'look from outside',
      writes: { '/run/cos/workingtree/etc/issue': 'hello' },
    },
    {
      stage: `post-${verb}`,
      source: '/oem/install.yaml',
      step: 'note the end',
      writes: { '/oem/hook.log': 'done' },
    },
  ]),
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

const FULL = { active: 'one', passive: 'zero', recovery: 'rescue' } as const;
const IN_RECOVERY = { slots: FULL, bootVariables: { saved_entry: 'recovery' } };
/** Of the menu, which is replaced; and something that a person left on COS_STATE. */
const RESET = { ask: reset, lastGood: 'recovery', again: 'done' } as const;
const MIB = 2 ** 20;

/** Resets: in recovery always; an interrupted one may find itself in another system. */
export const resetting = {
  beside: {
    ...story('has room for the new system beside the old ones', { ...IN_RECOVERY, menu: 'counts' }),
    ...RESET,
  },
  newMenu: {
    ...story(
      'gets another boot menu with the new system',
      { ...IN_RECOVERY, menu: 'reads grubcustom' },
      '/with-menu',
    ),
    ...RESET,
  },
  withoutPassive: {
    ...story('must give up passive first', { ...IN_RECOVERY, stateBytes: 1000 * MIB }),
    ...RESET,
    givenUp: ['passive'],
  },
  withoutSlots: {
    ...story('must give up both slots first', {
      slots: { active: 'one', recovery: 'rescue' },
      bootVariables: { saved_entry: 'recovery' },
      stateBytes: 1000 * MIB,
      imageBytes: 1200 * MIB,
    }),
    ...RESET,
    always: 'recovery',
    givenUp: ['active', 'passive'],
    mayEnd: 'undone',
  },
  rescued: {
    ...story('has no system in its slots', { slots: { recovery: 'rescue' } }),
    ...RESET,
  },
  erasing: {
    ...story('loses its user data because that was asked for', IN_RECOVERY),
    ...RESET,
    ask: (machine, wish) => reset(machine, wish, { erase: ['persistent', 'oem'] }),
    changes: ['/oem/install.yaml', '/oem/settings', '/oem/grubenv', '/usr/local/data'],
    mayEnd: 'undone',
  },
  erasingOne: {
    ...story('loses COS_PERSISTENT alone because that was asked for', IN_RECOVERY),
    ...RESET,
    ask: (machine, wish) => reset(machine, wish, { erase: ['persistent'] }),
    changes: ['/usr/local/data'],
    mayEnd: 'undone',
  },
  damaged: {
    ...story('has a COS_PERSISTENT and a COS_OEM that cannot be mounted, and is to lose both', {
      slots: { recovery: 'rescue' },
      damaged: ['persistent', 'oem'],
    }),
    ...RESET,
    ask: (machine, wish) => reset(machine, wish, { erase: ['persistent', 'oem'] }),
  },
  once: {
    ...story('comes up in active when it was cut', {
      slots: FULL,
      bootVariables: { next_entry: 'recovery' },
    }),
    ...RESET,
    mayEnd: 'undone',
  },
} satisfies Record<string, Story>;

/** Deployments. */
export const deploying = {
  rescued: {
    ...story('has no system in its slots', { slots: { recovery: 'rescue' } }),
    ask: deploy,
    lastGood: 'recovery',
  },
  forced: {
    ...story('runs active and is told to do it all the same', { slots: FULL }),
    ask: deploy,
    again: 'done',
    more: { again: 'yes' },
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
