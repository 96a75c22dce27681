/** What an installation was asked for, fixed in the first record of both of its operations: to make the disk ready, and to put the system there. */
import * as z from 'zod';
import type { JsonValue } from '../state/records.ts';
import { upgradeRequest } from './upgrade-request.ts';

const newPartition = z.object({
  name: z.string(),
  startMiB: z.number(),
  mebibytes: z.number(),
  type: z.enum(['bios', 'efi', 'linux']),
  boots: z.boolean(),
  /** What it is formatted as; absent: it stays empty. */
  fs: z.string().optional(),
  label: z.string().optional(),
});

export const installRequest = upgradeRequest.extend({
  disk: z.string(),
  firmware: z.enum(['bios', 'efi']),
  /** Absent: the partitions stay as they are. */
  table: z.object({ kind: z.enum(['gpt', 'msdos']), partitions: z.array(newPartition) }).optional(),
  recovery: z.object({
    label: z.string(),
    fs: z.string(),
    bytes: z.number(),
    /** Absent: a copy of the active image. */
    source: upgradeRequest.shape.source.optional(),
  }),
  /** Files for COS_OEM: their names there, where they come from (addresses without secrets), and what they must be. */
  cloudInit: z.array(z.object({ name: z.string(), from: z.string(), digest: z.string() })),
  /** Boot menu for an image that brings none. */
  menu: z.string(),
  bootEntry: z.enum(['add', 'none']),
  medium: z.enum(['eject', 'keep']),
  /** What this process was booted from: hooks of the live system mean nothing in the installed one. */
  startedIn: z.string(),
});

export type InstallRequest = z.infer<typeof installRequest>;

export function installRequestOf(context: { readonly request: JsonValue }): InstallRequest {
  return installRequest.parse(context.request);
}

/** Where an installation keeps what must not outlive this boot: its log before there is a disk, and what was fetched. */
export const INSTALL_MEMORY = '/run/slotwright/install';

/** Where a medium is mounted while it is installed from, and the root file system on it. */
export const MEDIUM_AT = `${INSTALL_MEMORY}/iso`;
export const MEDIUM_ROOT = `${MEDIUM_AT}/rootfs.squashfs`;
