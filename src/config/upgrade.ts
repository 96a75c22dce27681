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
  if (upgrade.recovery) {
    throw notBuilt('upgrades of the recovery image are', 'leave --recovery out');
  }
  if (config.cosign) {
    throw notBuilt(
      'signature checks with cosign are',
      'check the signature beforehand, and leave --cosign out',
    );
  }
  const title = upgrade['grub-entry-name'];
  const power = powerAction(config);
  return {
    source: sourceOf(upgrade.system.uri, directory),
    strict: config.strict,
    force,
    extraPaths: config['cloud-init-paths'],
    systemLabel: upgrade.system.label ?? installed.systemLabel ?? 'COS_ACTIVE',
    systemFs: imageFs(upgrade.system.fs ?? installed.systemFs ?? 'ext2'),
    systemSizeMiB: upgrade.system.size ?? 0,
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

function sourceOf(uri: string | undefined, directory: string): ImageSource {
  if (uri === undefined || uri === '') {
    throw new UsageError({
      code: 'source-undefined',
      message: 'undefined upgrade source',
      reason: 'neither --system.uri, ELEMENTAL_UPGRADE_SYSTEM nor upgrade.system.uri names one',
      hint: 'add --system.uri dir:/PATH or --system.uri file:/PATH',
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
          : `unpack "${source.reference}" into a directory and name it with --system.uri dir:/PATH`,
      );
    case 'channel':
      throw notBuilt('channel sources are', 'name a directory with --system.uri dir:/PATH');
  }
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
