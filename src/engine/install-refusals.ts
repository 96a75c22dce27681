/** What is refused about an installation before the first write, and how that is said. */
import type { InstallRequest } from '../../machines/install-request.ts';
import { mustHaveRecovery } from '../../machines/steps/check-preconditions.ts';
import { noOem } from '../../machines/steps/copy-cloud-init.ts';
import { noEfi } from '../../machines/steps/install-loader.ts';
import { SystemError, UsageError } from '../errors.ts';
import { withoutSecrets } from '../address.ts';
import { EXIT } from '../exit-codes.ts';
import type { ImageSource, NewLoader, Role, SourceFacts, System } from '../system/port.ts';
import type { FoundDevice } from './device.ts';
import type { InstallWish } from './install-plan.ts';

/** Programs are looked for before a disk is erased that they are needed for. */
export async function mustHavePrograms(
  system: System,
  table: InstallRequest['table'],
): Promise<void> {
  const kinds = new Set(table?.partitions.flatMap(({ fs }) => (fs === undefined ? [] : [fs])));
  const missing = await system.disks.missing({
    table: table === undefined ? 'kept' : 'made',
    fileSystems: [...kinds],
  });
  if (missing.length === 0) return;
  throw new SystemError({
    code: 'programs-missing',
    message: 'a disk cannot be made ready on this machine',
    reason: `missing: ${missing.join(', ')}`,
    hint: 'install what is missing; nothing was changed',
    exit: EXIT.unsupported,
  });
}

/** A root tree is looked into; an image file may bring a boot loader as well, but is opened too late to know. */
export async function mustHaveLoader(
  system: System,
  {
    firmware,
    arch,
    source,
  }: Pick<NewLoader, 'firmware' | 'arch'> & { readonly source: ImageSource },
): Promise<void> {
  const tree = source.kind === 'dir' ? source.path : '/';
  const missing = await system.boot.loaderMissing({ firmware, arch, tree });
  if (missing.length === 0) return;
  throw new SystemError({
    code: 'boot-loader-missing',
    message: 'the disk could not be made bootable',
    reason: `missing here${source.kind === 'dir' ? ' and in the image' : ''}: ${missing.join(', ')}`,
    hint: 'install what is missing, or choose the other --firmware; nothing was changed',
    exit: EXIT.installLoader,
  });
}

/** A size that was asked for may be below what there is to write. */
export function mustHoldContent(
  image: 'system' | 'recovery-system',
  bytes: number,
  { contentBytes }: Pick<SourceFacts, 'contentBytes'>,
): void {
  const least = Math.ceil((contentBytes * 1.01) / MIB) + 4;
  if (bytes >= least * MIB) return;
  throw new UsageError({
    code: 'image-too-small',
    message: `an image of ${Math.floor(bytes / MIB)} MiB cannot hold its source`,
    reason: `the files of it have ${Math.ceil(contentBytes / MIB)} MiB`,
    hint: `set install.${image}.size to ${least} or more, or leave it out; nothing was changed`,
    exit: EXIT.noSpace,
  });
}

const MIB = 2 ** 20;

/** A BIOS reads sectors of 512 bytes, and so do the first steps of GRUB. */
export function mustFitFirmware(
  { disk, sectorBytes }: { readonly disk: string; readonly sectorBytes: number },
  firmware: 'bios' | 'efi',
): void {
  if (firmware === 'efi' || sectorBytes === 512) return;
  throw new UsageError({
    code: 'sectors-too-large',
    message: `a BIOS cannot start ${disk}`,
    reason: `its sectors have ${sectorBytes} bytes, and a BIOS knows 512`,
    hint: 'use --firmware efi on a machine that has it, or another disk',
    exit: EXIT.invalidTarget,
  });
}

/** GRUB and the kernel go by labels: with two disks that carry the same ones, either may be started. */
export async function mustBeAlone(system: System, wish: InstallWish, disk: string): Promise<void> {
  if (wish.again === 'yes') return;
  const ours = Object.values(wish.layout.partitions).map(({ label }) => label);
  const all = await system.disks.partitions();
  const other = all.find(
    (partition) =>
      partition.disk !== disk && partition.label !== undefined && ours.includes(partition.label),
  );
  if (other === undefined) return;
  throw new UsageError({
    code: 'labels-taken',
    message: `${other.device} has the label ${other.label ?? ''} already`,
    reason: 'the boot loader and the kernel look for labels, and would find either disk',
    hint: `detach ${other.disk}, choose other labels (install.partitions), or add --force`,
    exit: EXIT.invalidTarget,
  });
}

/** What partitions that are kept must have: told before the log of the installation is begun on them. */
export function mustHaveParts(
  found: Pick<FoundDevice, 'partitions'>,
  { cloudInit }: Pick<InstallWish, 'cloudInit'>,
  firmware: 'bios' | 'efi',
): void {
  mustHaveRecovery(found);
  const has = (wanted: Role): boolean => found.partitions.some(({ role }) => role === wanted);
  if (firmware === 'efi' && !has('efi')) throw noEfi();
  if (cloudInit.length > 0 && !has('oem')) throw noOem();
}

export function refuseSystem(what: string): UsageError {
  return new UsageError({
    code: 'already-installed',
    message: 'there is a system on these partitions already',
    reason: `${what} is there`,
    hint: 'upgrade it, or add --force to install over it',
    exit: EXIT.alreadyInstalled,
  });
}

export function emptyRecoverySource({ uri }: ImageSource): UsageError {
  return new UsageError({
    code: 'source-empty',
    message: `${uri} holds no file`,
    reason: 'a directory whose contents are not mounted looks like this',
    hint: 'mount the source, or name another one with --recovery-system.uri',
    exit: EXIT.noSource,
  });
}

export function notFetched(from: string, cause: unknown): SystemError {
  const known = cause instanceof SystemError ? (cause.reason ?? cause.message) : String(cause);
  return new SystemError({
    code: 'not-fetched',
    message: `${withoutSecrets(from)} cannot be fetched`,
    reason: known,
    hint: 'check the path or the address; nothing was changed',
    exit: EXIT.download,
    cause,
  });
}
