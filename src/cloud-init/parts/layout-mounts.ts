import type { PartContext } from './part.ts';

/** One line of the kernel's table of mounts. */
export interface MountedDevice {
  /** `major:minor` of what is mounted; of a btrfs, a number that no device has. */
  readonly number: string;
  readonly source: string;
  readonly at: string;
}

/** What is mounted in this process's namespace, the topmost last. */
export async function mountedDevices(context: PartContext): Promise<readonly MountedDevice[]> {
  return linesOf(await context.target.files.read('/proc/self/mountinfo')).flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , number, , at] = before.split(' ');
    const [, source = ''] = after.split(' ');
    return number === undefined || at === undefined
      ? []
      : [{ number, source: plain(source), at: plain(at) }];
  });
}

/** Where a device is mounted; absent when it is not, as far as this process's namespace shows. */
export async function mountPointOf(
  node: string,
  context: PartContext,
): Promise<string | undefined> {
  const [number = ''] = linesOf(await context.target.files.read(`${kernelEntry(node)}/dev`));
  const mounts = await mountedDevices(context);
  return mounts.find((mount) => mount.number === number || mount.source === node)?.at;
}

/** The directory of a device node in /sys. */
export function kernelEntry(node: string): string {
  return `/sys/class/block/${node.replace(/^\/dev\//, '').replaceAll('/', '!')}`;
}

/** A number that the kernel tells in a file of a device. */
export async function kernelNumber(
  node: string,
  name: string,
  context: PartContext,
): Promise<number | undefined> {
  const [text = ''] = linesOf(await context.target.files.read(`${kernelEntry(node)}/${name}`));
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function linesOf(bytes: Uint8Array | undefined): readonly string[] {
  return Buffer.from(bytes ?? [])
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/** Blanks and the like stand there in octal. */
function plain(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
