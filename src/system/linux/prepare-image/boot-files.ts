/** The kernel and the initramfs of an image under the names that its menu asks for. */
import type { ImageRoot, Laid } from './image-root.ts';
import { bootedKernel, INITRD, KERNEL } from './initrd.ts';

/** Links the newest kernel, and the initramfs of that kernel, where those names lead to nothing. */
export async function linkBootFiles(
  root: ImageRoot,
): Promise<readonly { readonly path: string; readonly laid: Laid }[]> {
  const kernel = await bootedKernel(root);
  if (kernel === undefined) return [];
  return [
    ...(await linkFirst(root, KERNEL, [
      `vmlinuz-${kernel}`,
      `Image-${kernel}`,
      `../usr/lib/modules/${kernel}/vmlinuz`,
    ])),
    ...(await linkFirst(root, INITRD, [
      `initrd-${kernel}`,
      `initrd.img-${kernel}`,
      `initramfs-${kernel}.img`,
    ])),
  ];
}

/** What stands there and leads somewhere is the maker's choice. */
async function linkFirst(
  root: ImageRoot,
  path: string,
  names: readonly string[],
): Promise<readonly { readonly path: string; readonly laid: Laid }[]> {
  if (await root.has(path)) return [{ path, laid: 'unchanged' }];
  for (const name of names) {
    if (!(await root.has(`/boot/${name}`))) continue;
    // A link that leads to nothing.
    await root.files.remove(path);
    return [{ path, laid: await root.link(path, name) }];
  }
  return [];
}
