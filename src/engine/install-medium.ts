/** A medium that an image is taken from: brought into memory where it is elsewhere, and mounted as long as the installation runs. */
import { INSTALL_MEMORY } from '../../machines/install-request.ts';
import { SystemError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { notFetched } from './install-refusals.ts';
import type { Controls, Machinery } from './machinery.ts';

/** Where the root file system of the medium is then. */
export const MEDIUM_AT = `${INSTALL_MEMORY}/iso`;
const FETCHED = `${INSTALL_MEMORY}/elemental.iso`;

export async function mediumOf(
  { system }: Machinery,
  iso: string | undefined,
  { signal, observer }: Controls,
): Promise<{ release(): Promise<void> }> {
  if (iso === undefined) return { release: async () => undefined };
  const isAddress = /^https?:\/\//i.test(iso);
  const source = isAddress ? FETCHED : iso;
  if (isAddress) {
    const report = observer.progress;
    const effort = { signal, ...(report === undefined ? {} : { report }) };
    try {
      await system.images.fetch(iso, FETCHED, 0o600, effort);
    } catch (error) {
      throw signal.aborted ? error : notFetched(iso, error);
    }
  }
  await system.mounts.mount({ kind: 'image', source, at: MEDIUM_AT, mode: 'ro' });
  const release = async (): Promise<void> => {
    await system.mounts.unmount(MEDIUM_AT);
    await system.files.removeTree(MEDIUM_AT);
    await system.files.remove(FETCHED);
  };
  if ((await system.files.stat(`${MEDIUM_AT}/rootfs.squashfs`)) !== undefined) return { release };
  await release();
  throw new SystemError({
    code: 'medium-empty',
    message: `${iso} holds no system`,
    reason: 'there is no rootfs.squashfs at its top',
    hint: 'name an installation medium of such a system',
    exit: EXIT.noSource,
  });
}
