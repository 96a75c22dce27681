/** What is mounted where, for one process: the mounts of the boot, and those of the tool that die with it. */
import { below } from './location.ts';
import type { Location } from './location.ts';

export interface SimulatedMount {
  readonly at: string;
  readonly source: string;
  readonly fs: string;
  readonly root: Location;
  readonly kind: 'device' | 'image' | 'bind' | 'tmpfs';
  /** Mounted during boot, so it outlives the tool. */
  readonly by: 'boot' | 'tool';
  /** Of this mount alone; the file system below may be read-only as well. */
  readonly mode: 'ro' | 'rw';
  /** Not brought up to date when it was mounted. */
  readonly journal?: 'as it is';
  /** Mode of this mount outside the tool's namespace, where the tool changed it: what the next process finds. */
  readonly outside?: 'ro' | 'rw';
}

/** The topmost mount that holds a path. */
export function mountOf(
  mounts: readonly SimulatedMount[],
  path: string,
): SimulatedMount | undefined {
  let best: SimulatedMount | undefined;
  for (const mount of mounts) {
    const holds = mount.at === '/' || path === mount.at || path.startsWith(`${mount.at}/`);
    if (holds && (best === undefined || mount.at.length >= best.at.length)) best = mount;
  }
  return best;
}

/** Where a path leads through the mounts. */
export function locate(mounts: readonly SimulatedMount[], path: string): Location | undefined {
  const mount = mountOf(mounts, path);
  if (mount === undefined) return undefined;
  const rest = mount.at === '/' ? (path === '/' ? '' : path) : path.slice(mount.at.length);
  return below(mount.root, rest);
}

export function mountsBelow(
  mounts: readonly SimulatedMount[],
  path: string,
): readonly SimulatedMount[] {
  return mounts.filter((mount) => mount.at === path || mount.at.startsWith(`${path}/`));
}
