import { EntryError } from '../entry-error.ts';
import { targetPath } from '../target-path.ts';
import { azure } from './azure.ts';
import type { Findings, Provider, Search } from './findings.ts';
import { vmware } from './guestinfo.ts';
import { cdrom, configDrive } from './media.ts';
import type { ProviderName } from './names.ts';
import { packet } from './packet.ts';
import { scaleway } from './scaleway.ts';
import { servicesByName } from './services.ts';

/** Every provider by its name. */
export const providers: Readonly<Record<ProviderName, Provider>> = {
  ...servicesByName,
  azure,
  cdrom,
  'config-drive': configDrive,
  file,
  packet,
  scaleway,
  vmware,
};

/** A file of the target; what it hands on is no more readable than the file itself. */
async function file({ context, path }: Search): Promise<Findings> {
  const { files } = context.target;
  const source = targetPath(path);
  const [userData, found] = [await files.read(source), await files.stat(source, 'follow')];
  if (userData === undefined || found === undefined) {
    throw new EntryError(`${source} is not there`);
  }
  return { label: source, mode: found.mode & 0o644, userData };
}
