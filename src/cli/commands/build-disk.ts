import { resolve } from 'node:path';
import * as z from 'zod';
import { UsageError } from '../../errors.ts';
import { EXIT } from '../../exit-codes.ts';
import { isGiven, textFlag, type Command, type Context, type Invocation } from '../command.ts';
import { listenForStop } from '../interruption.ts';
import { bytes } from '../render/quantity.ts';
import type { DiskPart, DiskRequest } from '../services.ts';

const builtDiskSchema = z.object({
  output: z.string(),
  bytes: z.number(),
  imageBytes: z.number().describe('of each image'),
  partitions: z
    .array(
      z.object({
        name: z.string(),
        label: z.string().exactOptional(),
        offset: z.number().describe('bytes from the start of the disk'),
        bytes: z.number(),
      }),
    )
    .readonly(),
  hookFailures: z
    .array(z.string())
    .readonly()
    .describe('hooks that failed and stopped nothing, one sentence each'),
});

/** A disk as it was built. */
export type BuiltDisk = z.infer<typeof builtDiskSchema>;

const TYPES = ['raw', 'azure', 'gce', 'qcow2'] as const;
const PARTS = ['efi', 'oem', 'recovery', 'state', 'persistent', 'image'] as const;

export const buildDisk: Command = {
  name: 'build-disk',
  summary: 'build a disk image of an installed system from a root tree',
  description: [
    'The disk has every partition, three images and GRUB for BIOS and for EFI; the tree brings kernel, initramfs and /etc/cos. Needs no loop device, and no root unless the tree or its hooks do.',
    'Hooks of the tree, of --oem and of --persistent run: before-disk, after-disk and post-disk on this machine, after-disk-chroot inside the system of the disk, with what COS_OEM and COS_PERSISTENT will hold at /oem and /usr/local. The tree itself stays as it is.',
    'With --expandable the disk ends with the recovery partition; its first boot takes what room it finds, deploys the system and starts it.',
    'All files are sparse: a disk of 13 GiB takes what its images take.',
  ],
  arguments: [
    {
      name: 'ROOT',
      presence: 'optional',
      says: 'root tree, for instance an unpacked container image',
      completes: 'directory',
    },
  ],
  flags: [
    {
      name: 'output',
      short: 'o',
      value: 'FILE',
      completes: 'file',
      says: 'disk file to make (default disk.raw); an existing one is refused',
    },
    {
      name: 'type',
      short: 't',
      value: 'TYPE',
      choices: TYPES,
      says: 'raw (default); azure: a fixed VHD, FILE.vhd; gce: whole GiB, packed, FILE.tar.gz; qcow2: FILE.qcow2, by qemu-img',
    },
    {
      name: 'oem',
      value: 'FILE',
      repeatable: true,
      completes: 'file',
      says: 'file for the top of COS_OEM, for instance a hook file (repeatable)',
    },
    {
      name: 'persistent',
      value: 'DIR',
      completes: 'directory',
      says: 'what COS_PERSISTENT is filled with',
    },
    {
      name: 'size',
      value: 'NAME=MIB',
      repeatable: true,
      says: 'size in MiB of efi, oem, recovery, state, persistent, or of each image (repeatable)',
    },
    {
      name: 'expandable',
      says: 'only as far as the recovery partition; the first boot does the rest',
    },
    {
      name: 'deploy-command',
      value: 'COMMAND',
      says: 'what that boot deploys with (default: elemental deploy of the recovery image, with --reboot)',
    },
    { name: 'strict', says: 'a failing hook fails the build' },
    { name: 'oem_label', value: 'LABEL', says: 'label of the OEM partition (default COS_OEM)' },
    {
      name: 'recovery_label',
      value: 'LABEL',
      says: 'label of the recovery partition (default COS_RECOVERY)',
    },
  ],
  examples: [
    { says: 'from an unpacked image', line: 'build-disk ./root -o disk.raw' },
    {
      says: 'small, with hooks of your own',
      line: 'build-disk ./root --oem ./install.yaml --size state=1500 --size recovery=1000',
    },
    {
      says: 'for disks of any size, and QEMU',
      line: 'build-disk ./root --expandable -t qcow2',
    },
  ],
  exits: [
    'outputExists',
    'readCommandConfig',
    'labelImage',
    'notRoot',
    'unsupported',
    'noSource',
    'createImage',
    'beforeDisk',
    'afterDisk',
    'afterDiskChroot',
    'postDisk',
    'noSpace',
    'interrupted',
  ],
  output: builtDiskSchema,
  run: async (context, invocation) => {
    const disk = await build(context, requestOf(context, invocation));
    return {
      exit: EXIT.ok,
      document: { ...disk },
      text: `built ${disk.output}: ${bytes(disk.bytes)}, images of ${bytes(disk.imageBytes)}${failed(disk)}`,
      says: 'summary',
    };
  },
};

function failed({ hookFailures: { length } }: BuiltDisk): string {
  return length === 0 ? '' : `; ${length === 1 ? 'a hook' : `${length} hooks`} failed`;
}

async function build({ host, screen, services }: Context, request: DiskRequest) {
  const stop = listenForStop(host, screen);
  try {
    const { media } = await services();
    return await media.buildDisk(request, { signal: stop.signal, note: screen.note });
  } finally {
    stop.end();
  }
}

function requestOf({ host }: Context, invocation: Invocation): DiskRequest {
  const [root] = invocation.arguments;
  if (root === undefined) throw noRoot();
  const type = TYPES.find((known) => known === textFlag(invocation, 'type')) ?? 'raw';
  const place = (path: string): string => resolve(host.directory, path);
  const many = (name: string): readonly string[] => {
    const value = invocation.flags[name];
    return Array.isArray(value) ? value.map(String) : [];
  };
  const persistent = textFlag(invocation, 'persistent');
  const deploy = textFlag(invocation, 'deploy-command');
  const expandable = isGiven(invocation, 'expandable');
  if (deploy !== undefined && !expandable) throw deploysNothing();
  const [oem, recovery] = [
    textFlag(invocation, 'oem_label'),
    textFlag(invocation, 'recovery_label'),
  ];
  return {
    root: place(root),
    type,
    output: place(textFlag(invocation, 'output') ?? 'disk.raw'),
    oem: many('oem').map(place),
    ...(persistent === undefined ? {} : { persistent: place(persistent) }),
    labels: {
      ...(oem === undefined ? {} : { oem }),
      ...(recovery === undefined ? {} : { recovery }),
    },
    mebibytes: Object.fromEntries(many('size').map(sizeOf)),
    extent: expandable ? 'expandable' : 'whole',
    ...(deploy === undefined ? {} : { deployCommand: lineOf(deploy) }),
    strict: isGiven(invocation, 'strict'),
  };
}

/** The reference takes the words of a command with commas between them. */
const lineOf = (command: string): string =>
  command.includes(' ') ? command : command.replaceAll(',', ' ');

function sizeOf(text: string): readonly [DiskPart, number] {
  const [, given, number] = /^([a-z]+)=([1-9][0-9]{0,8})$/.exec(text) ?? [];
  const part = PARTS.find((name) => name === given);
  if (part !== undefined) return [part, Number(number)];
  throw new UsageError({
    code: 'flag-invalid',
    message: `--size cannot be "${text}"`,
    reason: `it is one of ${PARTS.join(', ')}, then = and a whole number of MiB`,
    hint: 'for instance --size state=8192',
    exit: EXIT.usage,
  });
}

function deploysNothing(): UsageError {
  return new UsageError({
    code: 'flags-contradict',
    message: '--deploy-command goes with --expandable only',
    reason: 'other disks have their system already',
    hint: 'add --expandable, or leave it out',
    exit: EXIT.usage,
  });
}

function noRoot(): UsageError {
  return new UsageError({
    code: 'no-source',
    message: 'there is no root tree to build a disk from',
    reason: 'packages and channels of the reference are not sources here',
    hint: 'name a directory that holds a root file system: build-disk ./root',
    exit: EXIT.noSource,
  });
}
