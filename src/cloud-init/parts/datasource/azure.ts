import { decodeContent } from '../encoding.ts';
import { EntryError } from '../entry-error.ts';
import { openAsk, textOf } from './ask.ts';
import type { Findings, Search } from './findings.ts';
import { fieldOf, jsonOf } from './json.ts';

const version = 'api-version=2021-01-01';

/** Azure's instance metadata service. User data is kept there in base64. */
export async function azure(search: Search): Promise<Findings> {
  const origin = search.origins['azure'] ?? 'http://169.254.169.254';
  const ask = openAsk(origin, search, { Metadata: 'true' });
  const about = jsonOf(await ask.must(`/metadata/instance?${version}&format=json`));
  const hostname = fieldOf(about, 'compute', 'name');
  if (typeof hostname !== 'string') {
    throw new EntryError(`${origin} does not say how this machine is called`);
  }
  const encoded = textOf(
    await ask.may(`/metadata/instance/compute/userData?${version}&format=text`),
  );
  return {
    label: 'Azure',
    mode: 0o600,
    hostname,
    keys: keysIn(fieldOf(about, 'compute', 'publicKeys')),
    facts: factsIn(about),
    report: () => reportReady({ ...search, signal: search.context.signal }),
    ...(encoded === '' ? {} : { userData: decodeContent(encoded, 'base64') }),
  };
}

function keysIn(list: unknown): readonly string[] {
  return (Array.isArray(list) ? list : []).flatMap((entry: unknown) => {
    const key = fieldOf(entry, 'keyData');
    return typeof key === 'string' ? key.split('\n') : [];
  });
}

/** Named as the reference names them: the path in the service with `_` for `/`. */
function factsIn(about: unknown): Readonly<Record<string, Uint8Array>> {
  const address = ['network', 'interface', 0, 'ipv4', 'ipAddress', 0] as const;
  const wanted = [
    [...address, 'publicIpAddress'],
    [...address, 'privateIpAddress'],
    ['compute', 'zone'],
    ['compute', 'vmId'],
  ];
  return Object.fromEntries(
    wanted.flatMap((path) => {
      const value = fieldOf(about, ...path);
      return typeof value === 'string' && value !== ''
        ? [[path.join('_'), Buffer.from(value)] as const]
        : [];
    }),
  );
}

/** Without this report the platform holds the machine for dead while it has no agent of Azure's own. */
async function reportReady(search: Search): Promise<void> {
  const ask = openAsk(search.origins['azure-wire'] ?? 'http://168.63.129.16', search, {
    'x-ms-version': '2012-11-30',
    'x-ms-agent-name': 'WALinuxAgent',
  });
  const goal = await ask.text('/machine?comp=goalstate');
  const [container, instance] = ['ContainerId', 'InstanceId'].map(
    (name) => new RegExp(`<${name}>([\\w.{}-]+)</${name}>`).exec(goal)?.[1],
  );
  if (container === undefined || instance === undefined) {
    throw new EntryError('the goal state does not name this machine');
  }
  await ask.must('/machine?comp=health', {
    method: 'POST',
    headers: { 'Content-Type': 'text/xml;charset=utf-8' },
    body: [
      '<?xml version="1.0" encoding="utf-8"?><Health>',
      '<GoalStateIncarnation>1</GoalStateIncarnation>',
      `<Container><ContainerId>${container}</ContainerId><RoleInstanceList>`,
      `<Role><InstanceId>${instance}</InstanceId><Health><State>Ready</State></Health></Role>`,
      '</RoleInstanceList></Container></Health>',
    ].join(''),
  });
}
