/** A medium that an image is taken from: brought into memory where it is elsewhere, and mounted as long as the installation runs. */
import { INSTALL_MEMORY, MEDIUM_AT, MEDIUM_ROOT } from '../../machines/install-request.ts';
import { withoutSecrets } from '../address.ts';
import { SystemError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { ImageSource } from '../system/port.ts';
import type { InstallWish } from './install-plan.ts';
import { notFetched } from './install-refusals.ts';
import type { Controls, Machinery } from './machinery.ts';

const FETCHED = `${INSTALL_MEMORY}/elemental.iso`;

export async function mediumOf(
  { system }: Machinery,
  { iso, source: named }: Pick<InstallWish, 'iso' | 'source'>,
  { signal, observer }: Controls,
): Promise<{ readonly source: ImageSource; release(): Promise<void> }> {
  if (iso === undefined) return { source: named, release: async () => undefined };
  const isAddress = /^https?:\/\//i.test(iso);
  const file = isAddress ? FETCHED : iso;
  if (isAddress) {
    const report = observer.progress;
    const effort = { signal, ...(report === undefined ? {} : { report }) };
    try {
      await system.images.fetch(iso, FETCHED, 0o600, effort);
    } catch (error) {
      throw signal.aborted ? error : notFetched(iso, error);
    }
  }
  const forget = async (): Promise<void> => {
    await system.files.removeTree(MEDIUM_AT);
    await system.files.remove(FETCHED);
  };
  try {
    await system.mounts.mount({ kind: 'image', source: file, at: MEDIUM_AT, mode: 'ro' });
  } catch (error) {
    await forget();
    throw notMounted(iso, error);
  }
  const release = async (): Promise<void> => {
    await system.mounts.unmount(MEDIUM_AT);
    await forget();
  };
  if ((await system.files.stat(MEDIUM_ROOT)) !== undefined) {
    return { source: { ...named, path: MEDIUM_ROOT }, release };
  }
  await release();
  throw new SystemError({
    code: 'medium-empty',
    message: `${withoutSecrets(iso)} holds no system`,
    reason: 'there is no rootfs.squashfs at its top',
    hint: 'name an installation medium of such a system',
    exit: EXIT.noSource,
  });
}

function notMounted(iso: string, cause: unknown): unknown {
  if (!(cause instanceof SystemError)) return cause;
  return new SystemError({
    code: 'medium-unreadable',
    message: `${withoutSecrets(iso)} cannot be read as a medium`,
    reason: cause.reason ?? cause.message,
    hint: 'check the path, and the checksum beside it; nothing was changed',
    exit: EXIT.download,
    cause,
  });
}
