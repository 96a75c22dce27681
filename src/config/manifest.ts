/** `manifest.yaml`: what `build-iso` of the reference reads (spec 6.2). Keys that are not ours are passed over. */
import { CORE_SCHEMA, load } from 'js-yaml';
import * as z from 'zod';
import { EXIT } from '../exit-codes.ts';
import { ConfigError } from '../errors.ts';
import { list, switchedOn, text } from './weak-types.ts';

const iso = z.object({
  rootfs: list(z.string()).default([]),
  uefi: list(z.string()).default([]),
  image: list(z.string()).default([]),
  label: text().default('COS_LIVE'),
  'grub-entry-name': text().default('cOS'),
  'bootloader-in-rootfs': switchedOn().default(false),
});

const manifest = z.object({
  name: text().default('elemental'),
  output: text().default('.'),
  date: switchedOn().default(false),
  'squash-compression': list(z.string()).exactOptional(),
  'squash-no-compression': switchedOn().default(false),
  iso: iso.prefault({}),
});

export type Manifest = z.infer<typeof manifest>;

/** An absent file says nothing: the defaults hold. */
export function parseManifest(content: string | undefined, path: string): Manifest {
  try {
    const tree: unknown = load(content ?? '', { schema: CORE_SCHEMA, filename: path });
    return manifest.parse(tree ?? {});
  } catch (cause) {
    const [first = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
    throw new ConfigError({
      code: 'config-unreadable',
      message: `${path} cannot be read as a manifest`,
      reason: cause instanceof z.ZodError ? z.prettifyError(cause) : first,
      hint: 'correct it, or name everything on the command line',
      exit: EXIT.readBuildConfig,
      cause,
    });
  }
}
