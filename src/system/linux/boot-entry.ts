import { SystemError } from '../../errors.ts';
import { EXIT } from '../../exit-codes.ts';
import { placeOfPartition } from './disk-facts.ts';
import type { BootPort, HostPort } from '../port.ts';
import type { Exec } from './exec.ts';

type BootEntry = Parameters<BootPort['addBootEntry']>[0];

/** An entry of the firmware's own list, which efibootmgr puts first. Those of the same name are of earlier installations. */
export async function addBootEntry(
  exec: Exec,
  host: HostPort,
  { partition, label, loader }: BootEntry,
): Promise<boolean> {
  if ((await host.facts()).firmware !== 'efi') return false;
  const place = await placeOfPartition(partition);
  if (place === undefined) {
    throw new SystemError({
      code: 'boot-entry-failed',
      message: 'the firmware cannot be given a boot entry',
      reason: `${partition} is not a partition`,
      exit: EXIT.bootEntry,
    });
  }
  const { stdout } = await exec.read('efibootmgr', []);
  for (const number of entriesNamed(stdout, label)) {
    await exec.change('efibootmgr', ['--quiet', '--delete-bootnum', '--bootnum', number]);
  }
  await exec.change('efibootmgr', [
    ...['--quiet', '--create', '--disk', place.disk, '--part', String(place.number)],
    ...['--label', label, '--loader', `\\${loader.replaceAll('/', '\\')}`],
  ]);
  return true;
}

/** Numbers of the entries of this name in what efibootmgr prints; newer versions put the path behind a tab. */
export function entriesNamed(printed: string, label: string): readonly string[] {
  return printed.split('\n').flatMap((line) => {
    const found = /^Boot([0-9A-Fa-f]{4})\*?\s+([^\t]*)/.exec(line);
    return found?.[2]?.trim() === label && found[1] !== undefined ? [found[1]] : [];
  });
}
