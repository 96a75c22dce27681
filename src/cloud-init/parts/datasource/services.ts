import { EntryError } from '../entry-error.ts';
import type { Ask } from './ask.ts';
import { factsFrom, linesOf, openAsk, textOf } from './ask.ts';
import type { Findings, Provider } from './findings.ts';
import { jsonOf, stringsIn } from './json.ts';
import type { ProviderName } from './names.ts';

/** A metadata service that gives each value at an address of its own. */
interface Service {
  readonly label: string;
  readonly origin: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers that have to be asked for first. */
  readonly signIn?: (ask: Ask) => Promise<Readonly<Record<string, string>>>;
  /** Who answers here is this provider. */
  readonly hostname: string;
  readonly keys?: (ask: Ask) => Promise<readonly string[]>;
  readonly userData: string;
  /** Files below `/run/config`, and where their content is. */
  readonly facts: Readonly<Record<string, string>>;
}

const linkLocal = 'http://169.254.169.254';

const ec2: Omit<Service, 'label'> = {
  origin: linkLocal,
  hostname: '/latest/meta-data/hostname',
  keys: ec2Keys,
  userData: '/latest/user-data',
  facts: {
    public_ipv4: '/latest/meta-data/public-ipv4',
    local_ipv4: '/latest/meta-data/local-ipv4',
    availability_zone: '/latest/meta-data/placement/availability-zone',
    instance_type: '/latest/meta-data/instance-type',
    instance_id: '/latest/meta-data/instance-id',
    local_hostname: '/latest/meta-data/local-hostname',
  },
};

const services = {
  aws: { ...ec2, label: 'AWS', signIn: awsToken },
  openstack: { ...ec2, label: 'Openstack' },
  gcp: {
    label: 'GCP',
    origin: 'http://metadata.google.internal',
    headers: { 'Metadata-Flavor': 'Google' },
    hostname: '/computeMetadata/v1/instance/hostname',
    keys: gcpKeys,
    userData: '/computeMetadata/v1/instance/attributes/user-data',
    facts: {},
  },
  hetzner: {
    label: 'Hetzner',
    origin: linkLocal,
    hostname: '/hetzner/v1/metadata/hostname',
    keys: async (ask) => stringsIn(jsonOf(await ask.may('/hetzner/v1/metadata/public-keys'))),
    userData: '/hetzner/v1/userdata',
    facts: {
      public_ipv4: '/hetzner/v1/metadata/public-ipv4',
      instance_id: '/hetzner/v1/metadata/instance-id',
    },
  },
  digitalocean: {
    label: 'DigitalOcean',
    origin: linkLocal,
    hostname: '/metadata/v1/hostname',
    keys: async (ask) => linesOf(await ask.may('/metadata/v1/public-keys')),
    userData: '/metadata/v1/user-data',
    facts: {
      public_ipv4: '/metadata/v1/interfaces/public/0/ipv4/address',
      private_ipv4: '/metadata/v1/interfaces/private/0/ipv4/address',
      region: '/metadata/v1/region',
      id: '/metadata/v1/id',
    },
  },
  vultr: {
    label: 'Vultr',
    origin: linkLocal,
    hostname: '/v1/hostname',
    keys: async (ask) => linesOf(await ask.may('/v1/public-keys')),
    userData: '/latest/user-data',
    facts: {
      public_ipv4: '/v1/interfaces/0/ipv4/address',
      private_ipv4: '/v1/interfaces/1/ipv4/address',
      private_netmask: '/v1/interfaces/1/ipv4/netmask',
      region_code: '/v1/region/regioncode',
      instance_id: '/v1/instanceid',
    },
  },
  metaldata: {
    label: 'Metaldata',
    origin: 'http://metaldata',
    hostname: '/get/meta/hostname',
    keys: async (ask) => linesOf(await ask.may('/get/meta/authorized-keys')),
    userData: '/get/user',
    facts: {
      public_ipv4: '/get/meta/public-ipv4',
      private_ipv4: '/get/meta/private-ipv4',
      failure_domain: '/get/meta/failure-domain',
      machine_id: '/get/meta/machine-id',
      machine_type: '/get/meta/machine-type',
    },
  },
} as const satisfies Partial<Record<ProviderName, Service>>;

/** The providers whose service needs no more than a table. */
export const servicesByName: Readonly<Record<keyof typeof services, Provider>> = {
  aws: provider('aws'),
  openstack: provider('openstack'),
  gcp: provider('gcp'),
  hetzner: provider('hetzner'),
  digitalocean: provider('digitalocean'),
  vultr: provider('vultr'),
  metaldata: provider('metaldata'),
};

function provider(name: keyof typeof services): Provider {
  const service: Service = services[name];
  return async (search): Promise<Findings> => {
    const origin = search.origins[name] ?? service.origin;
    const stranger = openAsk(origin, search, service.headers);
    const token = await service.signIn?.(stranger);
    const ask =
      token === undefined ? stranger : openAsk(origin, search, { ...service.headers, ...token });
    const hostname = await ask.text(service.hostname);
    // Some networks answer for every name and every address, with a page of their own.
    if (!/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(hostname)) {
      throw new EntryError(`${origin} does not say how this machine is called`);
    }
    const userData = await ask.may(service.userData);
    return {
      label: service.label,
      mode: 0o600,
      hostname,
      keys: (await service.keys?.(ask)) ?? [],
      facts: await factsFrom(ask, service.facts),
      ...(userData === undefined ? {} : { userData }),
    };
  };
}

/** Version 2 of the service answers nobody without a token; version 1 does not know tokens. */
async function awsToken(ask: Ask): Promise<Readonly<Record<string, string>>> {
  const { status, bytes } = await ask.request('/latest/api/token', {
    method: 'PUT',
    headers: { 'X-aws-ec2-metadata-token-ttl-seconds': '300' },
  });
  return status === 200 ? { 'X-aws-ec2-metadata-token': textOf(bytes) } : {};
}

/** The list has lines `0=name-of-the-key`. */
async function ec2Keys(ask: Ask): Promise<readonly string[]> {
  const list = linesOf(await ask.may('/latest/meta-data/public-keys/'));
  const keys: string[] = [];
  for (const line of list.slice(0, 64)) {
    const index = /^(\d+)=/.exec(line)?.[1];
    if (index !== undefined) {
      keys.push(...linesOf(await ask.may(`/latest/meta-data/public-keys/${index}/openssh-key`)));
    }
  }
  return keys;
}

/** Lines `user:key`. Those of the project count unless the machine says that they do not. */
async function gcpKeys(ask: Ask): Promise<readonly string[]> {
  const at = '/computeMetadata/v1';
  const own = await ask.may(`${at}/instance/attributes/ssh-keys`);
  const blocked = textOf(await ask.may(`${at}/instance/attributes/block-project-ssh-keys`));
  const shared = /^true$/i.test(blocked)
    ? undefined
    : await ask.may(`${at}/project/attributes/ssh-keys`);
  return [...linesOf(own), ...linesOf(shared)].flatMap((line) => {
    const key = /^[^:\s]+:(.+)$/.exec(line)?.[1];
    return key === undefined ? [] : [key];
  });
}
