import { resolve } from 'node:path';
import * as z from 'zod';
import { sourceOf } from '../../config/image-settings.ts';
import { parseManifest, type Manifest } from '../../config/manifest.ts';
import { notBuilt } from '../../config/not-built.ts';
import { EXIT } from '../../exit-codes.ts';
import { isGiven, textFlag, type Command, type Context, type Invocation } from '../command.ts';
import { SQUASH, VERIFY } from '../image-flags.ts';
import { listenForStop } from '../interruption.ts';
import { bytes } from '../render/quantity.ts';
import type { IsoRequest } from '../services.ts';

const builtIsoSchema = z.object({
  output: z.string(),
  bytes: z.number(),
  sha256: z.string(),
});

/** A medium as it was built. */
export type BuiltIsoView = z.infer<typeof builtIsoSchema>;

const SOURCE = {
  what: 'medium',
  flag: 'SOURCE',
  variable: 'the environment',
  key: 'iso.rootfs of manifest.yaml',
};

export const buildIso: Command = {
  name: 'build-iso',
  summary: 'build an installation medium from a root tree',
  description: [
    'The medium starts by BIOS and by EFI, from a disc and from a stick, into the root tree as a live system; its initramfs mounts that: what "init" brings does, and dmsquash-live of dracut. "install" on it installs that tree. Beside it lies its SHA-256. Settings come from manifest.yaml in the working directory, or in --config-dir.',
  ],
  arguments: [
    {
      name: 'SOURCE',
      presence: 'optional',
      says: 'root tree, dir:PATH (default: iso.rootfs of manifest.yaml)',
      completes: 'directory',
    },
  ],
  flags: [
    { name: 'name', short: 'n', value: 'NAME', says: 'name of the ISO (default elemental)' },
    {
      name: 'output',
      short: 'o',
      value: 'DIR',
      completes: 'directory',
      says: 'directory that gets it (default the working directory)',
    },
    { name: 'date', says: 'add the date to its name' },
    { name: 'label', value: 'LABEL', says: 'volume label (default COS_LIVE)' },
    {
      name: 'overlay-rootfs',
      value: 'DIR',
      completes: 'directory',
      says: 'laid over the root tree',
    },
    {
      name: 'overlay-uefi',
      value: 'DIR',
      completes: 'directory',
      says: 'laid over the EFI partition',
    },
    {
      name: 'overlay-iso',
      value: 'DIR',
      completes: 'directory',
      says: 'laid over the medium, for instance iso-config/ with hook files',
    },
    {
      name: 'bootloader-in-rootfs',
      says: 'for EFI take shim and GRUB of the root tree, which Secure Boot may trust',
    },
    ...SQUASH,
    ...VERIFY.filter(({ name }) => name !== 'verify'),
    { name: 'local', says: 'take a container image from the local daemon' },
    { name: 'platform', value: 'PLATFORM', says: 'of a container image' },
    { name: 'firmware', value: 'FIRMWARE', says: 'ignored', deprecated: 'a medium has both' },
    { name: 'arch', value: 'ARCH', says: 'ignored', deprecated: 'it has no effect' },
  ],
  examples: [
    { says: 'from a root tree', line: 'build-iso dir:./root -n my-os' },
    {
      says: 'that installs by itself, by a hook file in ./extra/iso-config',
      line: 'build-iso dir:./root --overlay-iso ./extra',
    },
  ],
  exits: [
    'readBuildConfig',
    'statFile',
    'readCommandConfig',
    'labelImage',
    'unsupported',
    'noSource',
    'createImage',
    'notBuilt',
    'interrupted',
  ],
  output: builtIsoSchema,
  run: async (context, invocation) => {
    const request = await requestOf(context, invocation);
    const { host, screen } = context;
    const { media } = await context.services();
    const stop = listenForStop(host, screen);
    try {
      const built = await media.buildIso(request, { signal: stop.signal, note: screen.note });
      return {
        exit: EXIT.ok,
        document: { ...built },
        text: `built ${built.output}: ${bytes(built.bytes)}, sha256 ${built.sha256}`,
        says: 'summary',
      };
    } finally {
      stop.end();
    }
  },
};

async function requestOf(context: Context, invocation: Invocation): Promise<IsoRequest> {
  const { host, globals } = context;
  const { configFiles } = await context.services();
  const place = (path: string): string => resolve(host.directory, path);
  const path = `${place(globals.configDir ?? '.')}/manifest.yaml`;
  const manifest = parseManifest(await configFiles.readText(path), path);
  if (isGiven(invocation, 'cosign')) {
    throw notBuilt('signature checks with cosign are', 'check the signature beforehand');
  }
  const directories = (given: readonly string[]): readonly string[] =>
    given.map((uri) => directoryOf(uri, host.directory));
  const extra = (name: string): readonly string[] => {
    const given = textFlag(invocation, name);
    return given === undefined ? [] : [place(given)];
  };
  const [source] = invocation.arguments;
  const { iso } = manifest;
  const rootfs = source === undefined ? iso.rootfs : [source];
  const name = textFlag(invocation, 'name') ?? manifest.name;
  const dated = isGiven(invocation, 'date') || manifest.date;
  const date = dated ? `.${host.now().slice(0, 10).replaceAll('-', '')}` : '';
  return {
    rootfs: [...directories(rootfs), ...extra('overlay-rootfs')],
    overlays: {
      uefi: [...directories(iso.uefi), ...extra('overlay-uefi')],
      iso: [...directories(iso.image), ...extra('overlay-iso')],
    },
    output: `${place(textFlag(invocation, 'output') ?? manifest.output)}/${name}${date}.iso`,
    label: textFlag(invocation, 'label') ?? iso.label,
    menuTitle: iso['grub-entry-name'],
    efiLoader:
      isGiven(invocation, 'bootloader-in-rootfs') || iso['bootloader-in-rootfs'] ? 'tree' : 'ours',
    squashOptions: compression(invocation, manifest),
  };
}

function directoryOf(uri: string, directory: string): string {
  const source = sourceOf(uri, SOURCE, directory);
  if (source.kind === 'dir') return source.path;
  throw notBuilt('media from image files are', `unpack it first: pull-image ${uri} ./root`);
}

function compression({ flags }: Invocation, manifest: Manifest): readonly string[] {
  const none = flags['squash-no-compression'] === true || manifest['squash-no-compression'];
  if (none) return ['-noI', '-noD', '-noF', '-noX'];
  const given = flags['squash-compression'] ?? manifest['squash-compression'];
  if (!Array.isArray(given)) return ['-comp', 'xz'];
  return given.flatMap((option: string) => option.split(/\s+/).filter((word) => word !== ''));
}
