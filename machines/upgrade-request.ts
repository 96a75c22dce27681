/** What an upgrade was asked for, fixed in its first record: steps read it from there, also after a resume by another version. */
import * as z from 'zod';
import type { JsonValue } from '../state/records.ts';

const hookFile = z.object({ path: z.string(), digest: z.string() });

export const upgradeRequest = z.object({
  /** The slot that gets the new image. */
  slot: z.enum(['active', 'recovery']).default('active'),
  source: z.object({
    kind: z.enum(['dir', 'file']),
    path: z.string(),
    uri: z.string(),
    /** Names what would be installed: stat manifest of a tree, bytes of a file. */
    digest: z.string(),
    contentBytes: z.number(),
    files: z.number(),
    arch: z.string().optional(),
    fs: z.string().optional(),
  }),
  /** Size, label and file system of the new image. */
  image: z.object({ bytes: z.number(), label: z.string(), fs: z.string() }),
  /** Options of mksquashfs for a squashfs image. */
  squashOptions: z.array(z.string()).default([]),
  passiveLabel: z.string(),
  /** What becomes passive: the image that was active where law 2 lets it, or a copy of the new one. */
  passive: z.enum(['rotate', 'copy']).default('rotate'),
  /** Partitions whose content goes, as the user asked (law 6). */
  erase: z.array(z.enum(['persistent', 'oem'])).default([]),
  /** Failing hooks stop the upgrade. */
  strict: z.boolean(),
  /** Further cloud-init sources, after the three default paths. */
  extraPaths: z.array(z.string()),
  hooks: z.array(hookFile),
  /** Menu title when the image does not bring one. */
  grubEntryName: z.string().optional(),
  /** Local date and time for state.yaml, RFC 3339: fixed at the start, so that writing it twice writes the same. */
  date: z.string(),
  /** Identities (inode numbers) of images that were seen running: they are good, and may be kept as passive (law 2). */
  confirmed: z.array(z.string()),
  /** Automatic starts that the boot loader may make of the new image before it is confirmed. */
  attempts: z.int().min(1).max(9).default(3),
  /** Boot in which an operation last replaced the active image: in that boot, active is not what runs. */
  switchedInBoot: z.string().optional(),
});

export type UpgradeRequest = z.infer<typeof upgradeRequest>;

/** Reads the request of a recorded upgrade. */
export function requestOf(context: { readonly request: JsonValue }): UpgradeRequest {
  return upgradeRequest.parse(context.request);
}

/** Setting of the configuration that gives the new image of an operation its size. */
export function sizeSettingOf({ operation }: { readonly operation: string }): string {
  switch (operation) {
    case 'install':
    case 'reset':
      return `${operation}.system.size`;
    case 'upgrade-recovery':
      return 'upgrade.recovery-system.size';
    default:
      return 'upgrade.system.size';
  }
}
