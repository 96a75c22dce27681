/** As for every other operation, and the EFI partition: an installation writes to it, and hooks find it where the reference mounts it. */
import * as z from 'zod';
import type { Resource } from '../step.ts';
import { placeOf } from '../step.ts';
import { partitions } from './partitions.ts';

const both = z.object({ usual: z.json(), efi: z.string().optional() });

export const installedPartitions: Resource = {
  name: 'partitions',
  title: `EFI, ${partitions.title}`,

  async acquire(context) {
    const { system, device } = context;
    const usual = await partitions.acquire(context);
    const efi = device.partitions.find(({ role }) => role === 'efi');
    const at = placeOf(device, 'efi');
    if (efi === undefined || at === undefined || efi.mountedAt !== undefined) return { usual };
    try {
      await system.mounts.mount({ kind: 'device', source: efi.device, at, mode: 'rw' });
    } catch (error) {
      await partitions.release(context, usual);
      throw error;
    }
    return { usual, efi: at };
  },

  async release(context, detail) {
    const { usual, efi } = both.parse(detail);
    if (efi !== undefined) await context.system.mounts.unmount(efi);
    await partitions.release(context, usual);
  },
};
