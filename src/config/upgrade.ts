/** From the configuration to the request of an upgrade; everything that can be refused without looking at the machine is refused here. */
import type { Config } from './keys.ts';
import {
  attemptsOf,
  imageFs,
  recoveryFs,
  refuseCosign,
  sourceOf,
  squashOptions,
  type SourceNames,
} from './image-settings.ts';
import type { ImageDefaults, PowerAction, UpgradeRequest } from './upgrade-request.ts';

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
  refuseCosign(config);
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
          systemFs: recoveryFs(
            image.fs ?? installed.recoveryFs ?? 'ext2',
            'upgrade.recovery-system.fs',
          ),
        }
      : {
          systemLabel: image.label ?? installed.systemLabel ?? 'COS_ACTIVE',
          systemFs: imageFs(image.fs ?? installed.systemFs ?? 'ext2', 'upgrade.system.fs'),
        }),
    systemSizeMiB: image.size ?? 0,
    passiveLabel: installed.passiveLabel ?? 'COS_PASSIVE',
    attempts: attemptsOf(config.boot.attempts),
    ...(title === undefined || title === '' ? {} : { grubEntryName: title }),
    ...(power === undefined ? {} : { power }),
  };
}

/** When the configuration asks for both, reboot wins (spec 3). */
export function powerAction(config: Config): PowerAction | undefined {
  if (config.reboot) return 'reboot';
  return config.poweroff ? 'poweroff' : undefined;
}

const SYSTEM_SOURCE: SourceNames = {
  what: 'upgrade',
  flag: '--system.uri',
  variable: 'ELEMENTAL_UPGRADE_SYSTEM',
  key: 'upgrade.system.uri',
};
const RECOVERY_SOURCE: SourceNames = {
  what: 'upgrade',
  flag: '--recovery-system.uri',
  variable: 'ELEMENTAL_UPGRADE_RECOVERY_SYSTEM',
  key: 'upgrade.recovery-system.uri',
};
