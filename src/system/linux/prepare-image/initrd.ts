/** The initramfs of an image, made by the program that the image brings. */
import { execa } from 'execa';
import { realpath } from 'node:fs/promises';
import { InterruptedError, SystemError } from '../../../errors.ts';
import { EXIT } from '../../../exit-codes.ts';
import { openChroot } from '../chroot.ts';
import type { ImageRoot } from './image-root.ts';

/** What makes an initramfs in this image, in the words of a command line. */
export interface InitrdRecipe {
  readonly program: 'dracut' | 'mkinitramfs';
  readonly kernel: string;
  readonly command: readonly [string, ...string[]];
}

/** Where the menu looks for them in every image. */
export const KERNEL = '/boot/vmlinuz';
export const INITRD = '/boot/initrd';

/** Absent without a kernel, or without a program that makes one. Of several kernels, the one that boots. */
export async function initrdRecipe(root: ImageRoot): Promise<InitrdRecipe | undefined> {
  const kernel = await bootedKernel(root);
  if (kernel === undefined) return undefined;
  if (await isProgram(root, 'dracut')) {
    const command = ['dracut', '--force', '--no-hostonly', INITRD, kernel] as const;
    return { program: 'dracut', kernel, command };
  }
  if (await isProgram(root, 'mkinitramfs')) {
    return { program: 'mkinitramfs', kernel, command: ['mkinitramfs', '-o', INITRD, kernel] };
  }
  return undefined;
}

/** Releases that have modules, oldest first. */
export async function kernelsOf(root: ImageRoot): Promise<readonly string[]> {
  const folder = (await root.has('/usr/lib/modules')) ? '/usr/lib/modules' : '/lib/modules';
  const names = await root.files.list(folder);
  const real: string[] = [];
  for (const name of names) {
    if (await root.has(`${folder}/${name}/modules.dep`)) real.push(name);
    else if (await root.has(`${folder}/${name}/kernel`)) real.push(name);
  }
  return real.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** A kernel that the maker of the image linked is the one to boot; else the newest. */
export async function bootedKernel(root: ImageRoot): Promise<string | undefined> {
  const kernels = await kernelsOf(root);
  const link = (await root.has(KERNEL)) ? await root.files.readLink(KERNEL) : undefined;
  const linked = kernels.find(
    (name) => link?.endsWith(`-${name}`) === true || link?.includes(`/${name}/`) === true,
  );
  return linked ?? kernels.at(-1);
}

/** Runs it inside the image. */
export async function makeInitrd(
  root: ImageRoot,
  { command: [program, ...args] }: InitrdRecipe,
  signal: AbortSignal,
): Promise<void> {
  const options = {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', HOME: '/root' },
    extendEnv: false,
    stdin: 'ignore',
    cancelSignal: signal,
    all: true,
    reject: false,
  } as const;
  const chroot = (await realpath(root.path)) === '/' ? undefined : await openChroot(root.path);
  try {
    const [file, ...words] = [...(chroot?.prefix ?? []), program, ...args];
    const result = await execa(file ?? program, words, options);
    if (result.isCanceled) throw interrupted();
    if (result.exitCode !== 0) throw failed(program, result.all);
  } finally {
    await chroot?.close();
  }
}

async function isProgram(root: ImageRoot, name: string): Promise<boolean> {
  for (const folder of ['usr/bin', 'usr/sbin', 'bin', 'sbin']) {
    if (await root.has(`/${folder}/${name}`)) return true;
  }
  return false;
}

function failed(program: string, said: string): SystemError {
  return new SystemError({
    code: 'initrd-failed',
    message: `${program} made no initramfs`,
    reason: said.trim().split('\n').slice(-4).join('; ') || 'it said nothing',
    hint: 'everything else is prepared: put right what it says and run the same command again',
    exit: EXIT.createImage,
  });
}

function interrupted(): InterruptedError {
  return new InterruptedError({
    code: 'interrupted',
    message: 'the initramfs was not made',
    reason: 'a signal stopped it; everything else is prepared',
    hint: 'run it again',
    exit: EXIT.interrupted,
  });
}
