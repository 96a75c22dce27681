/** From the configuration to the request of an installation. */
import { withoutSecrets } from '../address.ts';
import { EXIT } from '../exit-codes.ts';
import { ConfigError, UsageError } from '../errors.ts';
import type { ImageSource } from '../system/port.ts';
import {
  attemptsOf,
  imageFs,
  recoveryFs,
  refuseCosign,
  sourceOf,
  squashOptions,
  type SourceNames,
} from './image-settings.ts';
import { absolutePath } from './image-source.ts';
import type { Config } from './keys.ts';
import { powerAction } from './upgrade.ts';
import type { InstallRequest, PartitionRequest } from './install-request.ts';

export interface InstallInput {
  readonly config: Config;
  /** The disk on the command line. */
  readonly device: string | undefined;
  readonly directory: string;
  /** The root tree of the live system, where it shows one (spec 1.3). */
  readonly liveTree: string | undefined;
}

export function installRequest({
  config,
  device,
  directory,
  liveTree,
}: InstallInput): InstallRequest {
  const { install } = config;
  refuseCosign(config);
  const target = device ?? install.target;
  if (target === undefined || target === '') throw noTarget();
  const firmware = oneOf('install.firmware', install.firmware, ['efi', 'bios']);
  const title = install['grub-entry-name'];
  const power = powerAction(config);
  const iso = install.iso === undefined || install.iso === '' ? undefined : install.iso;
  const medium = iso === undefined ? undefined : placeOf(iso, directory);
  const recovery = install['recovery-system'];
  const systemFs = imageFs(install.system.fs ?? 'ext2', 'install.system.fs');
  return {
    target: absolutePath(target, directory),
    ...(firmware === undefined ? {} : { firmware }),
    table: oneOf('install.part-table', install['part-table'], ['gpt', 'msdos']) ?? 'gpt',
    partitions: {
      oem: partitionOf('oem', config, 64),
      recovery: partitionOf('recovery', config, 4096),
      state: partitionOf('state', config, 8192),
      persistent: partitionOf('persistent', config, 0),
    },
    extra: install['extra-partitions'].map((given, index) => ({
      name: given.name ?? given.label ?? `extra${index + 1}`,
      mebibytes: given.size ?? 0,
      fs: given.fs ?? 'ext4',
      ...(given.label === undefined ? {} : { label: given.label }),
    })),
    format: !install['no-format'],
    force: install.force,
    source:
      medium === undefined
        ? systemSource(install.system.uri, liveTree, directory)
        : onMedium(medium),
    ...(medium === undefined ? {} : { iso: medium }),
    recovery: {
      label: recovery.label ?? 'COS_SYSTEM',
      fs: recoveryFs(recovery.fs ?? systemFs, 'install.recovery-system.fs'),
      sizeMiB: recovery.size ?? 0,
      ...(recovery.uri === undefined || recovery.uri === ''
        ? {}
        : { source: sourceOf(recovery.uri, RECOVERY, directory) }),
    },
    squashOptions: squashOptions(config),
    cloudInit: install['cloud-init'].map((given) => placeOf(given, directory)),
    bootEntry: !install['disable-boot-entry'],
    ejectMedium: config['eject-cd'],
    strict: config.strict,
    extraPaths: config['cloud-init-paths'],
    systemLabel: install.system.label ?? 'COS_ACTIVE',
    systemFs,
    systemSizeMiB: install.system.size ?? 0,
    passiveLabel: install.passive.label ?? 'COS_PASSIVE',
    attempts: attemptsOf(config.boot.attempts),
    ...(title === undefined || title === '' ? {} : { grubEntryName: title }),
    ...(power === undefined ? {} : { power }),
  };
}

const SYSTEM: SourceNames = {
  what: 'install',
  flag: '--system.uri',
  variable: 'ELEMENTAL_INSTALL_SYSTEM',
  key: 'install.system.uri',
};
const RECOVERY: SourceNames = {
  what: 'recovery',
  flag: '--recovery-system.uri',
  variable: 'ELEMENTAL_INSTALL_RECOVERY_SYSTEM',
  key: 'install.recovery-system.uri',
};

/** The engine opens it. What is shown, recorded and written to state.yaml, which all may read, holds no password. */
function onMedium(iso: string): ImageSource {
  return { kind: 'file', path: iso, uri: withoutSecrets(iso) };
}

function systemSource(
  uri: string | undefined,
  liveTree: string | undefined,
  directory: string,
): ImageSource {
  const live = liveTree === undefined ? undefined : `dir://${liveTree}`;
  return sourceOf(uri === undefined || uri === '' ? live : uri, SYSTEM, directory);
}

function partitionOf(
  name: keyof InstallRequest['partitions'],
  { install }: Config,
  mebibytes: number,
): PartitionRequest {
  const given = install.partitions[name];
  return {
    name,
    label: given.label ?? `COS_${name.toUpperCase()}`,
    mebibytes: given.size ?? mebibytes,
    fs: given.fs ?? 'ext4',
  };
}

/** An address stays one; a path is one of this system. */
function placeOf(given: string, directory: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(given)?.[1]?.toLowerCase() ?? 'file';
  if (scheme === 'http' || scheme === 'https') return given;
  if (scheme === 'file') return absolutePath(given.replace(/^file:(\/\/)?/i, ''), directory);
  throw new UsageError({
    code: 'address-unknown',
    message: `${withoutSecrets(given)} cannot be fetched`,
    reason: `addresses are http:// or https://, and this one is ${scheme}://`,
    hint: 'fetch it by hand, and name the file',
    exit: EXIT.download,
  });
}

function oneOf<T extends string>(
  key: string,
  given: string | undefined,
  known: readonly T[],
): T | undefined {
  if (given === undefined || given === '') return undefined;
  const found = known.find((candidate) => candidate === given.toLowerCase());
  if (found !== undefined) return found;
  throw new ConfigError({
    code: 'setting-unknown',
    message: `${key} cannot be "${given}"`,
    reason: `it is ${known.join(' or ')}`,
    hint: `leave ${key} out for the usual one`,
    exit: EXIT.readCommandConfig,
  });
}

function noTarget(): UsageError {
  return new UsageError({
    code: 'no-target',
    message: 'no disk to install to',
    reason: 'neither the command line, ELEMENTAL_INSTALL_TARGET nor install.target names one',
    hint: 'name a whole disk; "lsblk" lists them',
    exit: EXIT.invalidTarget,
  });
}
