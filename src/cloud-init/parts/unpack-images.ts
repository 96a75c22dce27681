import type { Step } from '../step.ts';
import { EntryError } from './entry-error.ts';
import { makeParents } from './parents.ts';
import type { Part, PartContext } from './part.ts';
import { withPrivateMount } from './private-mount.ts';
import { endOf, isSuccess } from './run-program.ts';
import { targetPath } from './target-path.ts';

type ImageEntry = NonNullable<Step['unpack_images']>[number];

/**
 * Copies the trees of images into directories, with owners, modes, links, devices and extended attributes. A source is a
 * directory (`dir:`) or a file system in a file (`file:`), both seen from the target's root. What is there stays, unless the
 * image has something of its name: files and links are replaced and never written through; a link where the image has a
 * directory is a failure. Not atomic: after a power cut the next run copies all of it again.
 */
export const unpackImages: Part = {
  name: 'unpack_images',
  isAskedFor: (step) => (step.unpack_images ?? []).length > 0,
  async run(step, context) {
    for (const entry of step.unpack_images ?? []) {
      await context.attempt(entry.at, async () => {
        if (entry.source && entry.target) {
          await unpack(entry, context);
        } else {
          await context.warn('an image without `source` or `target` is left out', entry.at);
        }
      });
    }
  },
};

async function unpack(entry: ImageEntry, context: PartContext): Promise<void> {
  const source = imageSource(entry.source ?? '');
  const target = targetPath(entry.target);
  await refuseUnfit(source, target, context);
  if (entry.platform) {
    await context.warn(
      `\`platform\` has no effect: ${source.kind}:${source.path} is taken as it is`,
      entry.at,
    );
  }
  await makeTarget(target, context);
  const copy = (tree: string) =>
    ['/bin/sh', '-c', copyScript, 'sh', tree, target] as const satisfies readonly string[];
  const result =
    source.kind === 'dir'
      ? await context.exec(copy(source.path))
      : await withPrivateMount({ source: source.path, ...imageMount }, copy, context);
  if (!isSuccess(result)) {
    throw new EntryError(
      `${source.kind}:${source.path} could not be unpacked into ${target}: the copy ${endOf(result)}`,
    );
  }
}

/** Entry by entry, so that the directory itself keeps what it is. */
const copyScript =
  'cd "$1" && exec find . -mindepth 1 -maxdepth 1 ! -name lost+found -exec cp -a --remove-destination -t "$2" -- {} +';

const imageMount = { types: 'ext4,ext3,ext2,squashfs', options: 'loop,ro,nodev,nosuid,noexec' };

/** A tree that can be copied, by its path in the target. */
export interface TreeSource {
  readonly kind: 'dir' | 'file';
  readonly path: string;
}

/** What has no scheme of ours is a container image, as in the reference, and an `EntryError`. */
export function imageSource(text: string): TreeSource {
  const [, kind, path = ''] = /^(dir|file):(?:\/\/)?(.*)$/s.exec(text) ?? [];
  if (kind !== 'dir' && kind !== 'file') {
    throw new EntryError(
      `the container image \`${text}\` is not unpacked: this version cannot fetch container images; unpack it beforehand and write \`dir:/PATH\` for its tree, or \`file:/PATH\` for a file with an ext or squashfs file system`,
    );
  }
  return { kind, path: targetPath(path) };
}

async function refuseUnfit(
  { kind, path }: TreeSource,
  target: string,
  { target: { files } }: PartContext,
): Promise<void> {
  const found = await files.stat(path, 'follow');
  const wanted = kind === 'dir' ? 'directory' : 'file';
  if (found?.kind !== wanted) {
    const reason = found === undefined ? 'is not there' : `is no ${wanted}`;
    throw new EntryError(`${kind}:${path} cannot be unpacked: ${path} ${reason}`);
  }
  if (kind === 'dir' && `${target}/`.startsWith(path === '/' ? path : `${path}/`)) {
    throw new EntryError(`${path} cannot be unpacked into itself (${target})`);
  }
}

async function makeTarget(path: string, { target: { files } }: PartContext): Promise<void> {
  const found = await files.stat(path, 'follow');
  if (found === undefined) {
    const as = { mode: 0o755, uid: 0, gid: 0 };
    await makeParents(files, path, as);
    await files.makeDirectory({ path, ...as });
  } else if (found.kind !== 'directory') {
    throw new EntryError(`${path} is in the way: it is no directory`);
  }
}
