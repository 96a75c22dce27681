import { open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './host-program.ts';
import { MIB, type Extent } from './partition-layout.ts';

/**
 * Makes the EFI system partition: the boot loader under the name that firmware starts by itself, and the stub menu
 * where boot loaders of distributions look for theirs (spec 1.6).
 */
export async function makeEfiPartition(
  disk: string,
  efi: {
    readonly extent: Extent;
    readonly label: string;
    readonly loader: string;
    readonly menu: string;
  },
  work: { readonly staging: string; readonly signal: AbortSignal },
): Promise<void> {
  const { signal, staging } = work;
  // A file of its own first: the tools choose sizes by that of the file.
  const image = join(staging, 'efi.img');
  await writeFile(image, '');
  await truncate(image, efi.extent.bytes);
  await runProgram('mkfs.vfat', ['-n', efi.label, image], { signal });

  const stub = join(staging, 'grub.cfg');
  await writeFile(stub, efi.menu);
  const env = { MTOOLSRC: '/dev/null' };
  const folders = ['::/EFI', '::/EFI/BOOT', '::/EFI/elemental'];
  await runProgram('mmd', ['-i', image, ...folders], { signal, env });
  const copies = [
    [efi.loader, '::/EFI/BOOT/BOOTX64.EFI'],
    [stub, '::/EFI/BOOT/grub.cfg'],
    [stub, '::/EFI/elemental/grub.cfg'],
  ] as const;
  for (const [from, to] of copies) {
    await runProgram('mcopy', ['-i', image, from, to], { signal, env });
  }
  await copyInto(disk, image, efi.extent);
}

/** Holes stay holes. */
async function copyInto(disk: string, image: string, extent: Extent): Promise<void> {
  const from = await open(image, 'r');
  const to = await open(disk, 'r+');
  try {
    const chunk = Buffer.alloc(MIB);
    for (let at = 0; at < extent.bytes; at += MIB) {
      const { bytesRead } = await from.read(chunk, 0, MIB, at);
      const read = chunk.subarray(0, bytesRead);
      if (read.some((byte) => byte !== 0)) await to.write(read, 0, bytesRead, extent.offset + at);
    }
  } finally {
    await from.close();
    await to.close();
  }
}
