/** From the configuration to the request of an upgrade; everything that can be refused without looking at the machine is refused here. */
import { MOST_TRIES } from '../boot/judgement.ts';
import { EXIT } from '../exit-codes.ts';
import { ConfigError, UsageError } from '../errors.ts';
import type { ImageSource } from '../system/port.ts';
import { parseSource } from './image-source.ts';
import type { Config } from './keys.ts';
import { notBuilt } from './not-built.ts';
import type { ImageDefaults, ImageFs, PowerAction, UpgradeRequest } from './upgrade-request.ts';

export interface UpgradeInput {
  readonly config: Config;
  /** What the installed images say of themselves. */
  readonly installed: ImageDefaults;
  /** Where relative paths start. */
  readonly directory: string;
  readonly force: boolean;
}

export function upgradeRequest({
  config,
  installed,
  directory,
  force,
}: UpgradeInput): UpgradeRequest {
  const { upgrade } = config;
  const recovery = upgrade.recovery;
  const image = recovery ? upgrade['recovery-system'] : upgrade.system;
  if (config.cosign) {
    throw notBuilt(
      'signature checks with cosign are',
      'check the signature beforehand, and leave --cosign out',
    );
  }
  const title = upgrade['grub-entry-name'];
  const power = powerAction(config);
  return {
    slot: recovery ? 'recovery' : 'active',
    squashOptions: squashOptions(config),
    source: sourceOf(image.uri, recovery ? RECOVERY_SOURCE : SYSTEM_SOURCE, directory),
    strict: config.strict,
    force,
    extraPaths: config['cloud-init-paths'],
    ...(recovery
      ? {
          systemLabel: image.label ?? installed.recoveryLabel ?? 'COS_SYSTEM',
          systemFs: recoveryFs(image.fs ?? installed.recoveryFs ?? 'ext2'),
        }
      : {
          systemLabel: image.label ?? installed.systemLabel ?? 'COS_ACTIVE',
          systemFs: imageFs(image.fs ?? installed.systemFs ?? 'ext2'),
        }),
    systemSizeMiB: image.size ?? 0,
    passiveLabel: installed.passiveLabel ?? 'COS_PASSIVE',
    attempts: attemptsOf(config.boot.attempts),
    ...(title === undefined || title === '' ? {} : { grubEntryName: title }),
    ...(power === undefined ? {} : { power }),
  };
}

function attemptsOf(attempts: number): number {
  if (attempts >= 1 && attempts <= MOST_TRIES) return attempts;
  throw new ConfigError({
    code: 'attempts-out-of-range',
    message: `boot.attempts is ${attempts}`,
    reason: `the boot loader counts from 1 to ${MOST_TRIES}`,
    hint: 'leave boot.attempts out for three attempts',
    exit: EXIT.readCommandConfig,
  });
}

/** When the configuration asks for both, reboot wins (spec 3). */
export function powerAction(config: Config): PowerAction | undefined {
  if (config.reboot) return 'reboot';
  return config.poweroff ? 'poweroff' : undefined;
}

/** Where the source of an image is named. */
interface SourceNames {
  readonly flag: string;
  readonly variable: string;
  readonly key: string;
}

const SYSTEM_SOURCE: SourceNames = {
  flag: '--system.uri',
  variable: 'ELEMENTAL_UPGRADE_SYSTEM',
  key: 'upgrade.system.uri',
};
const RECOVERY_SOURCE: SourceNames = {
  flag: '--recovery-system.uri',
  variable: 'ELEMENTAL_UPGRADE_RECOVERY_SYSTEM',
  key: 'upgrade.recovery-system.uri',
};

function sourceOf(
  uri: string | undefined,
  { flag, variable, key }: SourceNames,
  directory: string,
): ImageSource {
  if (uri === undefined || uri === '') {
    throw new UsageError({
      code: 'source-undefined',
      message: 'undefined upgrade source',
      reason: `neither ${flag}, ${variable} nor ${key} names one`,
      hint: `add ${flag} dir:/PATH or ${flag} file:/PATH`,
      exit: EXIT.readCommandConfig,
    });
  }
  const source = parseSource(uri, directory);
  switch (source.kind) {
    case 'dir':
    case 'file':
      return { kind: source.kind, path: source.path, uri: source.uri };
    case 'container':
      throw notBuilt(
        'container sources are',
        uri.startsWith('/') || uri.startsWith('.')
          ? `a directory is written dir:${uri}, an image file file:${uri}`
          : `unpack "${source.reference}" into a directory and name it with ${flag} dir:/PATH`,
      );
    case 'channel':
      throw notBuilt('channel sources are', `name a directory with ${flag} dir:/PATH`);
  }
}

/** Spec 3.10; "no compression" means none, not the tool's default (W-list of the reference). */
function squashOptions(config: Config): readonly string[] {
  if (config['squash-no-compression']) return ['-no-compression'];
  const given = config['squash-compression'];
  if (given === undefined) return ['-comp', 'xz'];
  return given.flatMap((option) => option.split(/\s+/).filter((word) => word !== ''));
}

/** A recovery image may be packed: nothing writes into it. */
function recoveryFs(fs: string): ImageFs {
  return fs === 'squashfs' ? fs : imageFs(fs);
}

function imageFs(fs: string): ImageFs {
  if (fs === 'ext2' || fs === 'ext3' || fs === 'ext4') return fs;
  if (fs === 'squashfs') {
    throw notBuilt('squashfs system images are', 'set upgrade.system.fs to ext2, or leave it out');
  }
  throw new ConfigError({
    code: 'file-system-unknown',
    message: `an image cannot have the file system "${fs}"`,
    reason: 'upgrade.system.fs can be ext2, ext3 or ext4',
    hint: 'leave upgrade.system.fs out for the one that is installed',
    exit: EXIT.readCommandConfig,
  });
}
