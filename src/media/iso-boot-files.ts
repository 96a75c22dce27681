/** What a medium starts with, taken out of its root tree. Links are followed as inside it, never out of it. */
import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SystemError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { resolveInside } from './root-tree.ts';

/** Names of the reference (spec 3.8, step 5), tried in this order. */
const KERNELS = [/^vmlinuz$/, /^Image$/, /^zImage$/, /^uImage$/, /^vmlinuz-/, /^image/];
const INITRDS = [/^initrd$/, /^initramfs$/, /^initrd/, /^initramfs/];

/** Copies kernel and initramfs as `kernel` and `initrd`. */
export async function copyBootFiles(tree: string, to: string): Promise<void> {
  await copyFirst(tree, KERNELS, 'a kernel', join(to, 'kernel'));
  await copyFirst(tree, INITRDS, 'an initramfs', join(to, 'initrd'));
}

/** Copies shim, key manager and GRUB of the tree, which trust each other. */
export async function copyEfiLoader(tree: string, to: string): Promise<void> {
  const files = [
    ['/usr/share/efi/x86_64/shim.efi', 'BOOTX64.EFI'],
    ['/usr/share/efi/x86_64/MokManager.efi', 'MokManager.efi'],
    ['/usr/share/grub2/x86_64-efi/grub.efi', 'grub.efi'],
  ] as const;
  for (const [from, name] of files) {
    const found = await resolveInside(tree, from);
    if (found === undefined) throw missing(tree, from, '"--bootloader-in-rootfs" needs it');
    await copyFile(found, join(to, name));
  }
}

async function copyFirst(
  tree: string,
  patterns: readonly RegExp[],
  what: string,
  to: string,
): Promise<void> {
  const boot = await resolveInside(tree, '/boot');
  const names = boot === undefined ? [] : (await readdir(boot)).toSorted();
  for (const pattern of patterns) {
    for (const name of names.filter((candidate) => pattern.test(candidate))) {
      const found = await resolveInside(tree, `/boot/${name}`);
      if (found === undefined) continue;
      await copyFile(found, to);
      return;
    }
  }
  throw missing(tree, `${what} in /boot`, 'a medium starts with it');
}

function missing(tree: string, what: string, why: string): SystemError {
  return new SystemError({
    code: 'tree-incomplete',
    message: `${tree} lacks ${what}`,
    reason: why,
    hint: 'install it in the tree: it comes from its distribution',
    exit: EXIT.statFile,
  });
}
