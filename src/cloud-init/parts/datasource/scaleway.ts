import { EntryError } from '../entry-error.ts';
import { linesOf, openAsk } from './ask.ts';
import type { Findings, Search } from './findings.ts';

/** Scaleway says everything in one text of `KEY=value` lines, but user data only to the superuser's ports. */
export async function scaleway(search: Search): Promise<Findings> {
  const origin = search.origins['scaleway'] ?? 'http://169.254.42.42';
  const ask = openAsk(origin, search);
  const about = new Map(
    linesOf(await ask.must('/conf')).flatMap((line) => {
      const [, key, value = ''] = /^([A-Z0-9_]+)=(.*)$/.exec(line) ?? [];
      return key === undefined ? [] : [[key, value.replace(/^(['"])(.*)\1$/, '$2')] as const];
    }),
  );
  const hostname = about.get('HOSTNAME');
  if (hostname === undefined) {
    throw new EntryError(`${origin} does not say how this machine is called`);
  }
  const userData = await ask.may('/user_data/cloud-init', { sourcePort: 'privileged' });
  const facts = {
    instance_id: about.get('ID'),
    instance_location: about.get('LOCATION_ZONE_ID'),
    public_ip: about.get('PUBLIC_IP_ADDRESS'),
    private_ip: about.get('PRIVATE_IP'),
  };
  return {
    label: 'Scaleway',
    mode: 0o600,
    hostname,
    keys: [...about].flatMap(([key, value]) =>
      /^SSH_PUBLIC_KEYS_\d+_KEY$/.test(key) ? [value] : [],
    ),
    facts: Object.fromEntries(
      Object.entries(facts).flatMap(([name, value]) =>
        value === undefined || value === '' ? [] : [[name, Buffer.from(value)] as const],
      ),
    ),
    ...(userData === undefined ? {} : { userData }),
  };
}
