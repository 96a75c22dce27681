/** Installations on the simulated machine: from a medium, onto a disk with nothing on it. */
import type { Outcome } from '../../../src/engine/machinery.ts';
import { installDevice } from '../../../src/engine/install.ts';
import type { InstallWish } from '../../../src/engine/install-plan.ts';
import { newLiveMachine } from '../../../src/system/simulated/new-machine.ts';
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import { sourceOf, type SimulatedSource } from '../../../src/system/simulated/sources.ts';
import { controls, machineryOf, wishFor } from './commands.ts';

/** What these hooks and the wish put on COS_OEM. */
export const WRITTEN = [
  '/oem/90_custom.yaml',
  '/oem/before-install.log',
  '/oem/chroot.log',
  '/oem/after-install.log',
  '/oem/post-install.log',
];

/** A text that can be fetched. */
function textOf(text: string): SimulatedSource {
  return { kind: 'file', contents: new Map([['/', text]]), bytes: text.length };
}

export function liveMachine(): SimulatedMachine {
  return newLiveMachine({
    files: { '/system/oem/install.yaml': 'stages: {}' },
    sources: {
      '/run/rootfsbase': sourceOf('one', { '/etc/cos/grub.cfg': 'source ($root)/grubcustom\n' }),
      '/run/other': sourceOf('two', { '/etc/cos/grub.cfg': 'source ($root)/grubcustom\n' }),
      'http://server/config.yaml': textOf('stages: {}\n'),
    },
    hooks: [
      ...['before-install', 'after-install', 'post-install'].map((stage) => ({
        stage,
        source: '/system/oem/install.yaml',
        step: `note ${stage}`,
        writes: { [`/run/cos/oem/${stage}.log`]: 'seen' },
      })),
      {
        stage: 'after-install-chroot',
        source: '/system/oem/install.yaml',
        step: 'write into the new system',
        writes: { '/etc/motd': 'hello', '/oem/chroot.log': 'seen' },
      },
    ],
  });
}

export function installWish(more: Partial<InstallWish> = {}): InstallWish {
  return {
    ...wishFor('/run/rootfsbase'),
    target: '/dev/vda',
    firmware: 'bios',
    layout: {
      kind: 'gpt',
      partitions: {
        oem: { name: 'oem', label: 'COS_OEM', mebibytes: 64, fs: 'ext4' },
        recovery: { name: 'recovery', label: 'COS_RECOVERY', mebibytes: 2048, fs: 'ext4' },
        state: { name: 'state', label: 'COS_STATE', mebibytes: 4096, fs: 'ext4' },
        persistent: { name: 'persistent', label: 'COS_PERSISTENT', mebibytes: 0, fs: 'ext4' },
      },
      extra: [],
    },
    partitions: 'made',
    recovery: { label: 'COS_SYSTEM', fs: 'ext2', sizeBytes: 0 },
    squashOptions: [],
    cloudInit: ['http://server/config.yaml'],
    menu: '/nowhere/grub.cfg',
    bootEntry: 'add',
    medium: 'keep',
    again: 'no',
    ...more,
  };
}

export const install = (
  machine: SimulatedMachine,
  more: Partial<InstallWish> = {},
): Promise<Outcome> => installDevice(machineryOf(machine), installWish(more), controls());
