/** What is left to do until an image boots, told in words that can be typed. */
import { hasSystemd } from './enable-units.ts';
import type { ImageRoot } from './image-root.ts';
import { INITRD, initrdRecipe, kernelsOf } from './initrd.ts';

export async function nextSteps(
  root: ImageRoot,
  { kept, initrd }: { readonly kept: readonly string[]; readonly initrd: 'made' | 'left' },
): Promise<readonly string[]> {
  return [
    ...(await nodeStep(root)),
    ...(await kernelStep(root)),
    ...(initrd === 'made' ? [] : await initrdStep(root)),
    ...(await initStep(root)),
    ...(await rivalSteps(root)),
    ...(kept.length === 0
      ? []
      : [`compare what was there already with ours, or take ours with --force: ${kept.join(' ')}`]),
  ];
}

async function nodeStep(root: ImageRoot): Promise<readonly string[]> {
  if ((await root.has('/usr/bin/node')) || (await root.has('/bin/node'))) return [];
  const hidden = await root.has('/usr/local/bin/node');
  return [
    hidden
      ? 'move Node to /usr/bin/node: at boot COS_PERSISTENT is mounted over /usr/local, and /usr/local/bin/node is gone'
      : 'install Node 20.12 or newer as /usr/bin/node: the stages of a boot need it',
  ];
}

async function kernelStep(root: ImageRoot): Promise<readonly string[]> {
  if (await root.has('/boot/vmlinuz')) return [];
  const kernel = (await kernelsOf(root)).at(-1);
  if (kernel === undefined) return ['install a kernel, and see that /boot/vmlinuz leads to it'];
  return [`make /boot/vmlinuz lead to the kernel ${kernel}; the menu of the image starts that`];
}

async function initrdStep(root: ImageRoot): Promise<readonly string[]> {
  const recipe = await initrdRecipe(root);
  if (recipe !== undefined) {
    const command = recipe.command.join(' ');
    return [`make the initramfs again, in the image: ${command} (or give --initrd)`];
  }
  return [
    `make ${INITRD} with dracut or initramfs-tools in the image, or with an init of your own that uses /usr/lib/slotwright/initramfs/root.sh`,
  ];
}

async function initStep(root: ImageRoot): Promise<readonly string[]> {
  if ((await hasSystemd(root)) || (await root.has('/etc/slotwright/confirm'))) return [];
  return [
    'there is no systemd: let your init run the stages and, late in each boot, "slotwright assess-boot" (docs/unattended.md); then make /etc/slotwright/confirm, which says that it does',
  ];
}

/** What an image of the reference still has, and what would do the same work again, or in place of ours. */
async function rivalSteps(root: ImageRoot): Promise<readonly string[]> {
  const modules = await root.files.list('/usr/lib/dracut/modules.d');
  const rivals = modules.filter((name) => /^\d+(?:cos|elemental)-/.test(name));
  const units = await root.files.list('/etc/systemd/system');
  const hiding: string[] = [];
  for (const name of units) {
    if (!(await root.has(`/usr/lib/systemd/system/${name}`))) continue;
    const link = await root.files.readLink(`/etc/systemd/system/${name}`);
    if (/^(?:cos-setup|slotwright)-/.test(name) && link !== '/dev/null') hiding.push(name);
  }
  return [
    ...rivals.map((name) => `remove the dracut module ${name}: it would mount the root as well`),
    ...hiding
      .filter((name) => /\.(?:service|timer)$/.test(name))
      .map(
        (name) => `see whether /etc/systemd/system/${name} is meant: it takes the place of ours`,
      ),
  ];
}
