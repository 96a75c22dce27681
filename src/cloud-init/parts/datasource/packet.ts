import { EntryError } from '../entry-error.ts';
import { openAsk } from './ask.ts';
import type { Findings, Search } from './findings.ts';
import { fieldOf, jsonOf, stringsIn } from './json.ts';

/** Packet, today Equinix Metal. Its name is known everywhere, so only an answer that names the machine counts. */
export async function packet(search: Search): Promise<Findings> {
  const origin = search.origins['packet'] ?? 'https://metadata.platformequinix.com';
  const ask = openAsk(origin, search);
  const about = jsonOf(await ask.must('/metadata'));
  const hostname = fieldOf(about, 'hostname');
  if (typeof hostname !== 'string') {
    throw new EntryError(`${origin} does not say how this machine is called`);
  }
  const userData = await ask.may('/userdata');
  // A boot loader's script is for the firmware, not for the system.
  const isOurs = !Buffer.from(userData ?? [])
    .subarray(0, 6)
    .equals(Buffer.from('#!ipxe'));
  return {
    label: 'Packet',
    mode: 0o600,
    hostname,
    keys: stringsIn(fieldOf(about, 'ssh_keys')),
    ...(userData !== undefined && isOurs ? { userData } : {}),
  };
}
