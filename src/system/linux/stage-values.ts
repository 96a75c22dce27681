import { createHmac } from 'node:crypto';
import { arch, cpus, totalmem } from 'node:os';
import type { TargetFiles, Values } from '../../cloud-init/target.ts';

/** Where the facts come from: the machine is the running one, the operating system is the target's. */
export interface ValueSources {
  readonly machine: TargetFiles;
  readonly system: TargetFiles;
  readonly random: string;
}

/** The host facts that templates see as `.Values`, under the names of the sysinfo library. Empty facts are absent. */
export async function gatherValues({ machine, system, random }: ValueSources): Promise<Values> {
  const read = async (files: TargetFiles, path: string): Promise<string> =>
    Buffer.from((await files.read(path).catch(() => undefined)) ?? [])
      .toString('utf8')
      .trim();
  const timezone = async (): Promise<string> => {
    const link = await machine.readLink('/etc/localtime');
    const zone = /\/zoneinfo\/(.+)$/.exec(link ?? '')?.[1];
    return zone ?? read(machine, '/etc/timezone');
  };
  const dmi = async (names: Readonly<Record<string, string>>): Promise<Values> => {
    const facts: Record<string, string> = {};
    for (const [name, file] of Object.entries(names)) {
      facts[name] = await read(machine, `/sys/class/dmi/id/${file}`);
    }
    return filled(facts);
  };
  const release = osRelease(await read(system, '/etc/os-release'));
  const machineId = await read(machine, '/etc/machine-id');
  return filled({
    node: filled({
      hostname: await read(machine, '/proc/sys/kernel/hostname'),
      machineid: machineId,
      timezone: await timezone(),
    }),
    os: filled({
      name: release.get('PRETTY_NAME'),
      vendor: release.get('ID'),
      version: release.get('VERSION_ID'),
      architecture: goArchitecture(),
    }),
    kernel: filled({
      release: await read(machine, '/proc/sys/kernel/osrelease'),
      version: await read(machine, '/proc/sys/kernel/version'),
      architecture: arch() === 'x64' ? 'x86_64' : arch() === 'arm64' ? 'aarch64' : arch(),
    }),
    product: await dmi({
      name: 'product_name',
      vendor: 'sys_vendor',
      version: 'product_version',
      serial: 'product_serial',
      uuid: 'product_uuid',
    }),
    board: await dmi({
      name: 'board_name',
      vendor: 'board_vendor',
      version: 'board_version',
      serial: 'board_serial',
      assettag: 'board_asset_tag',
    }),
    chassis: await dmi({
      vendor: 'chassis_vendor',
      version: 'chassis_version',
      serial: 'chassis_serial',
      assettag: 'chassis_asset_tag',
    }),
    bios: await dmi({ vendor: 'bios_vendor', version: 'bios_version', date: 'bios_date' }),
    cpu: filled({ model: cpus()[0]?.model, threads: cpus().length }),
    memory: filled({ size: Math.round(totalmem() / 1024 / 1024) }),
    Random: random,
    ProtectedID: createHmac('sha256', machineId).update('yip').digest('hex'),
  });
}

/** Go's name of the machine type. */
function goArchitecture(): string {
  return arch() === 'x64' ? 'amd64' : arch();
}

function osRelease(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, name, value = ''] = /^\s*([A-Z_0-9]+)=(.*)$/.exec(line) ?? [];
      return name === undefined
        ? []
        : [[name, value.trim().replace(/^(["'])(.*)\1$/, '$2')] as const];
    }),
  );
}

function filled(facts: Readonly<Record<string, unknown>>): Values {
  const kept = Object.entries(facts).filter(
    ([, fact]) =>
      fact !== undefined &&
      fact !== '' &&
      !(typeof fact === 'object' && fact !== null && Object.keys(fact).length === 0),
  );
  return Object.fromEntries(kept);
}
