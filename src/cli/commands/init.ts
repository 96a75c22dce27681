import { resolve } from 'node:path';
import * as z from 'zod';
import { UsageError } from '../../errors.ts';
import { EXIT } from '../../exit-codes.ts';
import { isGiven, type Command, type Context, type Invocation } from '../command.ts';
import { listenForStop } from '../interruption.ts';
import type { PrepareRequest } from '../services.ts';

const preparedImageSchema = z.object({
  root: z.string(),
  written: z.array(z.string()).readonly().describe('paths in the image'),
  unchanged: z.number().describe('files and links that were in place already'),
  kept: z.array(z.string()).readonly().describe('different files of others, left as they are'),
  enabled: z.array(z.string()).readonly().describe('units'),
  initrd: z
    .object({ path: z.string(), program: z.string(), kernel: z.string() })
    .exactOptional()
    .describe('with --initrd'),
  next: z.array(z.string()).readonly().describe('what is left to do, one sentence each'),
});

/** A root tree that boots as an image, as far as this program can make it one. */
export type PreparedImage = z.infer<typeof preparedImageSchema>;

export const init: Command = {
  name: 'init',
  summary: 'prepare a root tree to boot as an image',
  description: [
    'Lays over it: the boot menu and its arguments, the initramfs parts for dracut and initramfs-tools, the units, and this program as "slotwright" and "elemental"; enables the units; makes mount points. Links in the tree are followed inside it only. A second time changes nothing.',
    'Files below /etc that are there already stay as they are, and are named. Features of the reference may be named; all of ours are brought in any case.',
  ],
  arguments: [
    {
      name: 'ROOT',
      presence: 'any number',
      says: 'root tree (default /, in a container build); names of features are accepted',
      completes: 'directory',
    },
  ],
  flags: [
    {
      name: 'force',
      short: 'f',
      says: 'replace what is not ours, also another program called elemental; prepare a running system',
    },
    { name: 'initrd', says: 'make /boot/initrd with the dracut or initramfs-tools of the tree' },
    { name: 'mkinitrd', says: 'make the initramfs', deprecated: 'use --initrd' },
  ],
  examples: [
    { says: 'in the Dockerfile of a derivative', line: 'init --initrd' },
    { says: 'an unpacked image', line: 'init ./root' },
  ],
  exits: ['noSource', 'unsupported', 'createImage', 'interrupted'],
  output: preparedImageSchema,
  run: async (context, invocation) => {
    const prepared = await prepare(context, requestOf(context, invocation));
    return {
      exit: EXIT.ok,
      document: { ...prepared },
      text: preparedText(prepared),
      says: 'summary',
    };
  },
};

/** What the reference's successor calls its parts. */
const FEATURES = new Set([
  ...['immutable-rootfs', 'elemental-rootfs', 'elemental-sysroot', 'elemental-setup'],
  ...['dracut-config', 'cloud-config-defaults', 'cloud-config-essentials', 'boot-assessment'],
  ...['grub-config', 'grub-default-bootargs', 'autologin', 'arm-firmware', 'network'],
]);

async function prepare({ host, screen, services }: Context, request: PrepareRequest) {
  const stop = listenForStop(host, screen);
  try {
    const { media } = await services();
    return await media.prepareImage(request, { signal: stop.signal, note: screen.note });
  } finally {
    stop.end();
  }
}

function requestOf({ host }: Context, invocation: Invocation): PrepareRequest {
  const roots = invocation.arguments.filter((word) => !isFeatures(word));
  const [root = '/', ...more] = roots;
  if (more.length > 0) throw tooMany(roots);
  return {
    root: resolve(host.directory, root),
    force: isGiven(invocation, 'force'),
    initrd: isGiven(invocation, 'initrd') || isGiven(invocation, 'mkinitrd'),
  };
}

function isFeatures(word: string): boolean {
  return word.split(',').every((name) => FEATURES.has(name));
}

function preparedText({ root, written, unchanged, enabled, initrd, next }: PreparedImage): string {
  const made = initrd === undefined ? '' : `, ${initrd.path} of ${initrd.kernel} made`;
  const units = `${enabled.length} ${enabled.length === 1 ? 'unit' : 'units'} enabled`;
  return [
    `prepared ${root}: ${written.length} written, ${unchanged} in place already, ${units}${made}`,
    ...(next.length === 0 ? [] : ['left to do:']),
    ...next.map((step) => `  ${step}`),
  ].join('\n');
}

function tooMany(roots: readonly string[]): UsageError {
  return new UsageError({
    code: 'unexpected-argument',
    message: 'more than one root tree was named',
    reason: roots.join(', '),
    hint: 'name one: init ./root',
    exit: EXIT.usage,
  });
}
