import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createDatasource } from '../../../src/cloud-init/parts/datasource.ts';
import type { ExecRequest, ExecResult, FetchRequest } from '../../../src/cloud-init/target.ts';
import { createFetch } from '../../../src/system/linux/stage-fetch.ts';
import { memoryTarget } from '../../support/cloud-init/memory-target.ts';
import type { Asked, MetadataServer, Reply } from '../../support/cloud-init/metadata-server.ts';
import { hang, metadataServer } from '../../support/cloud-init/metadata-server.ts';
import { runPart } from '../../support/cloud-init/part-run.ts';

const key = (name: string): string => `ssh-ed25519 AAAAC3${name} ${name}@home`;
const userData = '#cloud-config\nhostname: from-user-data\n';

const servers: MetadataServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
  }
});

async function serve(answer: Parameters<typeof metadataServer>[0]): Promise<MetadataServer> {
  const server = await metadataServer(answer);
  servers.push(server);
  return server;
}

const from =
  (table: Readonly<Record<string, Reply>>) =>
  ({ line }: Asked): Reply | undefined =>
    table[line.replace(/^GET /, '')];

interface Setting {
  readonly origins?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly limitSeconds?: number;
  readonly exec?: (request: ExecRequest) => ExecResult;
  readonly signal?: AbortSignal;
}

/** The part over a target in memory, with the real client for HTTP. */
async function run(key_: Readonly<Record<string, unknown>>, setting: Setting = {}) {
  const { origins = {}, limitSeconds = 20, files = {}, exec, signal } = setting;
  const memory = memoryTarget({
    files: {
      '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
      '/etc/hosts': '127.0.0.1 localhost\n',
      '/root/.profile': '',
      ...files,
    },
    ...(exec === undefined ? {} : { exec }),
  });
  const modes = new Map<string, string>();
  const names: string[] = [];
  // Nothing of a test may leave this machine.
  const fetch = createFetch({
    environment: { http_proxy: 'http://127.0.0.1:9' },
    wait: async () => undefined,
  });
  const target = {
    ...memory,
    fetch: (request: FetchRequest) =>
      new URL(request.url).hostname === '127.0.0.1'
        ? fetch(request)
        : Promise.reject(new Error(`a test asked ${request.url}`)),
    setHostname: async (name: string) => {
      names.push(name);
    },
    files: {
      ...memory.files,
      write: (file: Parameters<typeof memory.files.write>[0]) => {
        modes.set(file.path, file.mode.toString(8));
        return memory.files.write(file);
      },
    },
  };
  const told = await runPart(
    createDatasource({ origins, limitSeconds }),
    { datasource: key_ },
    { target, ...(signal === undefined ? {} : { signal }) },
  );
  const read = (name: string): string | undefined => memory.content.get(`/run/config/${name}`);
  return { ...told, read, names, modes, content: memory.content };
}

const ec2 = '/latest/meta-data';
const ec2Table = {
  [`${ec2}/hostname`]: 'ip-10-0-0-1.internal',
  [`${ec2}/public-keys/`]: '0=first\n1=second',
  [`${ec2}/public-keys/0/openssh-key`]: `${key('zero')}\n`,
  [`${ec2}/public-keys/1/openssh-key`]: key('one'),
  [`${ec2}/public-ipv4`]: '192.0.2.1',
  [`${ec2}/instance-id`]: 'i-1',
  '/latest/user-data': userData,
};

const gcp = '/computeMetadata/v1';

/** What each plain service is asked and says, as its documentation has it. */
const services: readonly {
  readonly name: string;
  readonly label: string;
  readonly answer: (asked: Asked) => Reply | undefined;
  readonly hostname: string;
  readonly keys: readonly string[];
  readonly facts: Readonly<Record<string, string>>;
}[] = [
  {
    name: 'aws',
    label: 'AWS',
    answer(asked) {
      if (asked.line === 'PUT /latest/api/token') {
        const ttl = asked.headers['x-aws-ec2-metadata-token-ttl-seconds'];
        return ttl === undefined ? { status: 400 } : 'a-token';
      }
      return asked.headers['x-aws-ec2-metadata-token'] === 'a-token'
        ? from(ec2Table)(asked)
        : { status: 401 };
    },
    hostname: 'ip-10-0-0-1.internal',
    keys: [key('zero'), key('one')],
    facts: { public_ipv4: '192.0.2.1', instance_id: 'i-1' },
  },
  {
    name: 'openstack',
    label: 'Openstack',
    answer: from(ec2Table),
    hostname: 'ip-10-0-0-1.internal',
    keys: [key('zero'), key('one')],
    facts: { public_ipv4: '192.0.2.1', instance_id: 'i-1' },
  },
  {
    name: 'gcp',
    label: 'GCP',
    answer: (asked) =>
      asked.headers['metadata-flavor'] === 'Google'
        ? from({
            [`${gcp}/instance/hostname`]: 'box.c.project.internal',
            [`${gcp}/instance/attributes/ssh-keys`]: `me:${key('mine')}`,
            [`${gcp}/project/attributes/ssh-keys`]: `you:${key('ours')}\nno key at all`,
            [`${gcp}/instance/attributes/user-data`]: userData,
          })(asked)
        : { status: 403 },
    hostname: 'box.c.project.internal',
    keys: [key('mine'), key('ours')],
    facts: {},
  },
  {
    name: 'hetzner',
    label: 'Hetzner',
    answer: from({
      '/hetzner/v1/metadata/hostname': 'box-1',
      '/hetzner/v1/metadata/public-keys': JSON.stringify([key('a'), key('b')]),
      '/hetzner/v1/metadata/public-ipv4': '192.0.2.2',
      '/hetzner/v1/metadata/instance-id': '42',
      '/hetzner/v1/userdata': userData,
    }),
    hostname: 'box-1',
    keys: [key('a'), key('b')],
    facts: { public_ipv4: '192.0.2.2', instance_id: '42' },
  },
  {
    name: 'digitalocean',
    label: 'DigitalOcean',
    answer: from({
      '/metadata/v1/hostname': 'droplet',
      '/metadata/v1/public-keys': `${key('a')}\n${key('b')}\n`,
      '/metadata/v1/region': 'fra1',
      '/metadata/v1/id': '7',
      '/metadata/v1/interfaces/public/0/ipv4/address': '192.0.2.3',
      '/metadata/v1/user-data': userData,
    }),
    hostname: 'droplet',
    keys: [key('a'), key('b')],
    facts: { region: 'fra1', id: '7', public_ipv4: '192.0.2.3' },
  },
  {
    name: 'vultr',
    label: 'Vultr',
    answer: from({
      '/v1/hostname': 'vultr-guest',
      '/v1/public-keys': key('a'),
      '/v1/interfaces/1/ipv4/netmask': '255.255.0.0',
      '/v1/region/regioncode': 'EWR',
      '/v1/instanceid': 'a747',
      '/latest/user-data': userData,
    }),
    hostname: 'vultr-guest',
    keys: [key('a')],
    facts: { private_netmask: '255.255.0.0', region_code: 'EWR', instance_id: 'a747' },
  },
  {
    name: 'metaldata',
    label: 'Metaldata',
    answer: from({
      '/get/meta/hostname': 'metal',
      '/get/meta/authorized-keys': `# comment\n${key('a')}`,
      '/get/meta/failure-domain': 'rack-1',
      '/get/user': userData,
    }),
    hostname: 'metal',
    keys: [key('a')],
    facts: { failure_domain: 'rack-1' },
  },
  {
    name: 'azure',
    label: 'Azure',
    answer(asked) {
      const [path = '', query = ''] = asked.line.replace(/^GET /, '').split('?');
      if (asked.headers['metadata'] !== 'true' || !query.includes('api-version=2021-01-01')) {
        return { status: 400 };
      }
      return path === '/metadata/instance'
        ? JSON.stringify({
            compute: {
              name: 'vm-1',
              vmId: 'id-1',
              zone: '',
              publicKeys: [
                { keyData: key('a'), path: '/home/x' },
                { keyData: `${key('b')}\r\n` },
                {},
              ],
            },
            network: {
              interface: [
                { ipv4: { ipAddress: [{ privateIpAddress: '10.0.0.4', publicIpAddress: '' }] } },
              ],
            },
          })
        : path === '/metadata/instance/compute/userData'
          ? Buffer.from(userData).toString('base64')
          : undefined;
    },
    hostname: 'vm-1',
    keys: [key('a'), key('b')],
    facts: {
      compute_vmId: 'id-1',
      network_interface_0_ipv4_ipAddress_0_privateIpAddress: '10.0.0.4',
    },
  },
  {
    name: 'packet',
    label: 'Packet',
    answer: from({
      '/metadata': JSON.stringify({ hostname: 'metal-2', ssh_keys: [key('a'), 7], id: 'x' }),
      '/userdata': userData,
    }),
    hostname: 'metal-2',
    keys: [key('a')],
    facts: {},
  },
];

describe('a metadata service', () => {
  it.each(services)('of $name gives user data, name, keys and facts', async (service) => {
    const { origin } = await serve(service.answer);
    const nobody = await serve(() => undefined);
    const ran = await run(
      { providers: [service.name] },
      { origins: { [service.name]: origin, 'azure-wire': nobody.origin } },
    );
    expect(ran.failures).toEqual([]);
    expect(ran.read('provider')).toBe(service.label);
    expect(ran.read('userdata')).toBe(userData);
    expect(ran.read('userdata.yaml')).toBe(userData);
    expect(ran.read('hostname')).toBe(service.hostname);
    expect(ran.names).toEqual([service.hostname]);
    expect(ran.content.get('/etc/hostname')).toBe(`${service.hostname}\n`);
    for (const [name, value] of Object.entries(service.facts)) {
      expect(ran.read(name), name).toBe(value);
    }
    expect(ran.content.get('/root/.ssh/authorized_keys')).toBe(
      service.keys.map((line) => `${line}\n`).join(''),
    );
    expect(Object.fromEntries(ran.modes)).toMatchObject({
      '/run/config/userdata': '600',
      '/run/config/userdata.yaml': '600',
      '/run/config/ssh/authorized_keys': '600',
      '/run/config/hostname': '644',
      '/run/config/provider': '644',
    });
  });

  it.each(services)(
    'of $name that has no user data and no keys still names the machine',
    async (service) => {
      const { origin } = await serve((asked) =>
        /user|keys/i.test(asked.line) ? undefined : service.answer(asked),
      );
      const ran = await run(
        { providers: [service.name] },
        { origins: { [service.name]: origin, 'azure-wire': origin } },
      );
      expect(ran.failures).toEqual([]);
      expect(ran.names).toEqual([service.hostname]);
      expect(ran.read('userdata')).toBeUndefined();
    },
  );

  it.each([...services.map(({ name }) => name), 'scaleway'])(
    'of %s that is out of order or not there fails, and says what it said',
    async (name) => {
      for (const status of [404, 500]) {
        const { origin } = await serve(() => ({ status }));
        const ran = await run({ providers: [name] }, { origins: { [name]: origin } });
        expect(ran.failures).toEqual([
          expect.stringMatching(new RegExp(`^no data source gave anything; ${name}: .*${status}`)),
        ]);
        expect(ran.read('provider')).toBeUndefined();
      }
    },
  );

  it.each([...services.map(({ name }) => name), 'scaleway'])(
    'of %s that never answers holds nobody up',
    async (name) => {
      const { origin } = await serve(() => hang);
      const ran = await run(
        { providers: [name] },
        { origins: { [name]: origin }, limitSeconds: 0.05 },
      );
      expect(ran.failures).toEqual([expect.stringContaining(`no answer within 0.05 seconds`)]);
    },
  );

  it.each(['hetzner', 'azure', 'packet'])('of %s that gives broken JSON fails', async (name) => {
    const { origin } = await serve(({ line }) => (line.endsWith('/hostname') ? 'box' : '{"half'));
    const ran = await run({ providers: [name] }, { origins: { [name]: origin } });
    expect(ran.failures).toEqual([expect.stringContaining(`${name}: the service gave no JSON`)]);
  });

  it.each([...services.map(({ name }) => name), 'scaleway'])(
    'of %s is not what answers everything with a page',
    async (name) => {
      const { origin } = await serve(() => '<html>welcome to the hotel</html>');
      const ran = await run({ providers: [name] }, { origins: { [name]: origin } });
      expect(ran.failures).toEqual([
        expect.stringContaining(`no data source gave anything; ${name}: `),
      ]);
      expect(ran.read('provider')).toBeUndefined();
    },
  );

  it('is not followed to where it redirects', async () => {
    const elsewhere = await serve(() => userData);
    const { origin } = await serve(() => ({ status: 302, text: elsewhere.origin }));
    const ran = await run({ providers: ['hetzner'] }, { origins: { hetzner: origin } });
    expect(ran.failures).toEqual([expect.stringContaining('answered with status 302')]);
    expect(elsewhere.asked).toEqual([]);
  });
});

describe('aws', () => {
  it('is asked without a token where the service knows none', async () => {
    const server = await serve((asked) =>
      asked.line.startsWith('PUT') ? { status: 405 } : from(ec2Table)(asked),
    );
    const ran = await run({ providers: ['aws'] }, { origins: { aws: server.origin } });
    expect(ran.failures).toEqual([]);
    expect(server.asked.some(({ headers }) => 'x-aws-ec2-metadata-token' in headers)).toBe(false);
  });

  it('fails where the service is switched off', async () => {
    const { origin } = await serve(() => ({ status: 403 }));
    const ran = await run({ providers: ['aws'] }, { origins: { aws: origin } });
    expect(ran.failures).toEqual([expect.stringContaining('answered with status 403')]);
  });
});

describe('gcp', () => {
  it('does not take keys of the project when the machine blocks them', async () => {
    const { origin } = await serve(
      from({
        [`${gcp}/instance/hostname`]: 'box',
        [`${gcp}/instance/attributes/ssh-keys`]: `me:${key('mine')}`,
        [`${gcp}/instance/attributes/block-project-ssh-keys`]: 'TRUE',
        [`${gcp}/project/attributes/ssh-keys`]: `you:${key('ours')}`,
      }),
    );
    const ran = await run({ providers: ['gcp'] }, { origins: { gcp: origin } });
    expect(ran.content.get('/root/.ssh/authorized_keys')).toBe(`${key('mine')}\n`);
  });

  it('has names longer than a kernel takes: the first label counts', async () => {
    const long = `box.c.${'p'.repeat(70)}.internal`;
    const { origin } = await serve(from({ [`${gcp}/instance/hostname`]: long }));
    const ran = await run({ providers: ['gcp'] }, { origins: { gcp: origin } });
    expect(ran.names).toEqual(['box']);
  });
});

describe('azure', () => {
  const wire =
    '<GoalState><Incarnation>1</Incarnation><Container><ContainerId>c-1</ContainerId><RoleInstanceList>' +
    '<RoleInstance><InstanceId>i-1._vm</InstanceId></RoleInstance></RoleInstanceList></Container></GoalState>';
  const imds = services.find(({ name }) => name === 'azure')?.answer ?? (() => undefined);

  it('hears that the machine is ready', async () => {
    const server = await serve((asked) =>
      asked.line === 'GET /machine?comp=goalstate'
        ? wire
        : asked.line === 'POST /machine?comp=health'
          ? ''
          : imds(asked),
    );
    const ran = await run(
      { providers: ['azure'] },
      { origins: { azure: server.origin, 'azure-wire': server.origin } },
    );
    expect([ran.failures, ran.warnings]).toEqual([[], []]);
    expect(server.asked.at(-1)).toMatchObject({
      line: 'POST /machine?comp=health',
      headers: { 'x-ms-version': '2012-11-30', 'content-type': 'text/xml;charset=utf-8' },
      body: expect.stringMatching(
        /<ContainerId>c-1<.*<InstanceId>i-1\._vm<.*<State>Ready<\/State>/,
      ) as unknown,
    });
  });

  it('that cannot be told is a warning', async () => {
    const server = await serve(imds);
    const ran = await run(
      { providers: ['azure'] },
      { origins: { azure: server.origin, 'azure-wire': server.origin } },
    );
    expect(ran.failures).toEqual([]);
    expect(ran.warnings).toEqual([
      expect.stringMatching(/^Azure could not be told that this machine is ready: /),
    ]);
  });
});

describe('packet', () => {
  it('may hold a script for the boot loader, which is not ours', async () => {
    const { origin } = await serve(
      from({ '/metadata': '{"hostname": "h"}', '/userdata': '#!ipxe\nboot\n' }),
    );
    const ran = await run({ providers: ['packet'] }, { origins: { packet: origin } });
    expect(ran.failures).toEqual([]);
    expect(ran.read('userdata')).toBeUndefined();
  });
});

describe.skipIf(process.getuid?.() !== 0)('scaleway (needs root)', () => {
  it('gives user data to the ports of the superuser only', async () => {
    const conf = [
      "HOSTNAME='scw-1'",
      'ID=11',
      'LOCATION_ZONE_ID=par1',
      'PRIVATE_IP=10.1.1.1',
      'SSH_PUBLIC_KEYS=2',
      `SSH_PUBLIC_KEYS_0_KEY='${key('a')}'`,
      'SSH_PUBLIC_KEYS_0_FINGERPRINT=x',
      `SSH_PUBLIC_KEYS_1_KEY='${key('b')}'`,
    ].join('\n');
    const server = await serve((asked) =>
      asked.line === 'GET /conf'
        ? conf
        : asked.line === 'GET /user_data/cloud-init' && asked.fromPort < 1024
          ? userData
          : { status: 403 },
    );
    const ran = await run({ providers: ['scaleway'] }, { origins: { scaleway: server.origin } });
    expect(ran.failures).toEqual([]);
    expect([ran.names, ran.read('userdata'), ran.read('instance_location')]).toEqual([
      ['scw-1'],
      userData,
      'par1',
    ]);
    expect(ran.content.get('/root/.ssh/authorized_keys')).toBe(`${key('a')}\n${key('b')}\n`);
  });
});

describe('vmware', () => {
  const guest =
    (tool: string, values: Readonly<Record<string, string>>) =>
    ({ argv, output }: ExecRequest): ExecResult => {
      if (argv[0] !== tool) {
        return { ended: 'missing', reason: 'no such file' };
      }
      const value = values[argv.at(-1)?.replace('info-get guestinfo.', '') ?? ''];
      output(Buffer.from(value === undefined ? 'No value found\n' : `${value}\n`));
      return { ended: 'exited', code: value === undefined ? 1 : 0 };
    };

  it.each(['vmware-rpctool', 'vmtoolsd'])('is asked by %s', async (tool) => {
    const ran = await run(
      { providers: ['vmware'] },
      { exec: guest(tool, { userdata: 'stages: {}', metadata: 'instance-id: 1' }) },
    );
    expect(ran.failures).toEqual([]);
    expect([ran.read('provider'), ran.read('userdata'), ran.read('metadata')]).toEqual([
      'VMWARE',
      'stages: {}',
      'instance-id: 1',
    ]);
    expect(ran.modes.get('/run/config/metadata')).toBe('600');
  });

  it('may encode what it gives', async () => {
    const packed = gzipSync(userData).toString('base64');
    const ran = await run(
      { providers: ['vmware'] },
      { exec: guest('vmware-rpctool', { userdata: packed, 'userdata.encoding': 'gzip+base64' }) },
    );
    expect(ran.read('userdata')).toBe(userData);
    const wrong = await run(
      { providers: ['vmware'] },
      { exec: guest('vmware-rpctool', { userdata: 'x', 'userdata.encoding': 'rot13' }) },
    );
    expect(wrong.failures).toEqual([expect.stringContaining('unknown encoding `rot13`')]);
  });

  it.each([{}, { userdata: '---' }])('with nothing in it (%o) has no user data', async (values) => {
    const ran = await run({ providers: ['vmware'] }, { exec: guest('vmware-rpctool', values) });
    expect(ran.failures).toEqual([expect.stringContaining('no guestinfo')]);
  });
});

describe('a file', () => {
  it('is as readable as it was, and goes to /run/config under the name that was asked for', async () => {
    const ran = await run(
      { providers: ['file'], path: '/oem/data', userdata_name: 'mine.yaml' },
      { files: { '/oem/data': userData } },
    );
    expect(ran.failures).toEqual([]);
    expect([ran.read('provider'), ran.read('mine.yaml')]).toEqual(['/oem/data', userData]);
    expect(ran.modes.get('/run/config/userdata')).toBe('644');
  });

  it.each([
    [{ providers: ['file'], path: '/none' }, 'file: /none is not there'],
    [{ providers: ['file'] }, 'file: `path` is missing'],
    [
      { providers: ['file'], path: '/x', userdata_name: '../../etc/passwd' },
      '`userdata_name` must',
    ],
  ])('that cannot be had or put fails: %o', async (asked, message) => {
    const ran = await run(asked, { files: { '/x': userData } });
    expect(ran.failures).toEqual([expect.stringContaining(message)]);
    expect(ran.read('userdata')).toBeUndefined();
  });
});

describe('user data', () => {
  const kept = async (text: string) =>
    run({ providers: ['file'], path: '/d' }, { files: { '/d': text } });

  it('that is a script is kept executable and is not run', async () => {
    const ran = await kept('#!/bin/sh\nreboot\n');
    expect(ran.modes.get('/run/config/userdata')).toBe('744');
    expect(ran.read('userdata.yaml')).toBeUndefined();
    expect(ran.warnings).toEqual([
      expect.stringContaining('run `/run/config/userdata` by a command'),
    ]);
  });

  it('that is neither a script nor a configuration is only kept', async () => {
    const ran = await kept('just words');
    expect([ran.read('userdata'), ran.read('userdata.yaml')]).toEqual(['just words', undefined]);
    expect(ran.warnings).toHaveLength(1);
  });

  it('is unpacked', async () => {
    const encoded = gzipSync(userData).toString('base64');
    const ran = await run(
      { providers: ['vmware'] },
      {
        exec: ({ argv, output }) => {
          const values: Record<string, string> = {
            'info-get guestinfo.userdata': encoded,
            'info-get guestinfo.userdata.encoding': 'base64',
          };
          const value = values[argv.at(-1) ?? ''];
          output(Buffer.from(value ?? ''));
          return { ended: 'exited', code: value === undefined ? 1 : 0 };
        },
      },
    );
    expect(ran.read('userdata')).toBe(userData);
  });

  const part = (type: string, body: string, more = '') =>
    `--MIMEBOUNDARY\r\nContent-Type: ${type}\r\n${more}\r\n${body}\r\n`;
  const message = (...parts: readonly string[]) => `${parts.join('')}--MIMEBOUNDARY--\r\n`;

  it.each([
    ['bare', message(part('text/x-shellscript', '#!/bin/sh'), part('text/cloud-config', userData))],
    [
      'with a header',
      `Content-Type: multipart/mixed; boundary="MIMEBOUNDARY"\r\nMIME-Version: 1.0\r\n\r\n${message(
        part('text/cloud-config; charset="utf-8"', userData),
      )}`,
    ],
    [
      'encoded',
      message(
        part(
          'text/cloud-config',
          Buffer.from(userData).toString('base64'),
          'Content-Transfer-Encoding: base64\r\n',
        ),
      ),
    ],
  ])('is taken out of a multipart message (%s)', async (_, text) => {
    expect((await kept(text)).read('userdata')).toBe(userData);
  });

  it('of several parts without a configuration stays whole', async () => {
    const text = message(part('text/x-shellscript', '#!/bin/sh'));
    expect((await kept(text)).read('userdata')).toBe(text);
  });

  it('that begins with three dashes is YAML', async () => {
    const text = '---\nstages: {}\n--- \nx\n';
    expect((await kept(text)).read('userdata.yaml')).toBe(text);
  });

  it('of a service goes below `path`', async () => {
    const { origin } = await serve(from(ec2Table));
    const ran = await run(
      { providers: ['openstack'], path: '/oem/../oem/cloud' },
      { origins: { openstack: origin } },
    );
    expect(ran.content.get('/oem/cloud/userdata.yaml')).toBe(userData);
    expect([ran.read('userdata'), ran.read('provider')]).toEqual([undefined, 'Openstack']);
  });
});

describe('of several providers', () => {
  it('the first in the list that answers counts, however slow it is', async () => {
    let tellQuick: () => void = () => undefined;
    const quickWasAsked = new Promise<void>((resolve) => {
      tellQuick = resolve;
    });
    const quick = await serve((asked) => {
      tellQuick();
      return from(ec2Table)(asked);
    });
    const slow = await serve(async (asked) => {
      await quickWasAsked;
      return from({ '/get/meta/hostname': 'slow' })(asked);
    });
    const none = await serve(() => undefined);
    const ran = await run(
      { providers: ['gcp', 'metaldata', 'openstack', 'openstack'] },
      { origins: { gcp: none.origin, metaldata: slow.origin, openstack: quick.origin } },
    );
    expect([ran.failures, ran.names]).toEqual([[], ['slow']]);
    expect([ran.read('userdata'), ran.read('instance_id')]).toEqual([undefined, undefined]);
    expect(ran.warnings).toEqual([
      expect.stringMatching(/^a data source gave nothing: gcp: .* answered with status 404/),
    ]);
  });

  it('those that are not needed any more are let go', async () => {
    const silent = await serve(() => hang);
    const ran = await run(
      { providers: ['file', 'aws', 'gcp', 'azure', 'packet'], path: '/d' },
      {
        origins: Object.fromEntries(
          ['aws', 'gcp', 'azure', 'packet'].map((name) => [name, silent.origin]),
        ),
        files: { '/d': userData },
        limitSeconds: 3600,
      },
    );
    expect([ran.failures, ran.warnings]).toEqual([[], []]);
  });

  it('all failures are told when nobody answers, and unknown names are left out', async () => {
    const none = await serve(() => undefined);
    const ran = await run(
      { providers: ['aws', 'nosuchcloud', 'file'], path: '/none' },
      { origins: { aws: none.origin } },
    );
    expect(ran.failures).toEqual([
      expect.stringMatching(
        /^no data source gave anything; aws: .*404; file: \/none is not there$/,
      ),
    ]);
    expect(ran.warnings).toEqual(['there is no data source `nosuchcloud`']);
  });

  it('an interruption is no failure of a provider', async () => {
    const stop = new AbortController();
    const server = await serve(() => {
      stop.abort();
      return hang;
    });
    await expect(
      run({ providers: ['aws'] }, { origins: { aws: server.origin }, signal: stop.signal }),
    ).rejects.toMatchObject({ code: 'interrupted' });
  });
});

describe('what a provider says', () => {
  it('is no template, no address and no host name of any form', async () => {
    const { origin } = await serve(
      from({
        '/metadata': JSON.stringify({
          hostname: '{{ .Values.x }}',
          ssh_keys: ['github:someone', 'https://keys.test/x', '# comment here', key('real')],
        }),
      }),
    );
    const ran = await run({ providers: ['packet'] }, { origins: { packet: origin } });
    expect(ran.failures).toEqual(['`{{ .Values.x }}` is no valid host name']);
    expect(ran.names).toEqual([]);
    expect(ran.content.get('/root/.ssh/authorized_keys')).toBe(`${key('real')}\n`);
  });
});
