/** From the configuration to the request of a reset. */
import { attemptsOf, imageFs, refuseCosign, sourceOf, type SourceNames } from './image-settings.ts';
import { powerAction, type UpgradeInput } from './upgrade.ts';
import type { ResetRequest } from './upgrade-request.ts';

/** The recovery system that runs, as the boot shows it (spec 3.3). */
const RECOVERY_IMAGE = 'file:///run/initramfs/cos-state/cOS/recovery.img';

const SOURCE: SourceNames = {
  what: 'reset',
  flag: '--system.uri',
  variable: 'ELEMENTAL_RESET_SYSTEM',
  key: 'reset.system.uri',
};

export function resetRequest({ config, installed, directory, force }: UpgradeInput): ResetRequest {
  const { reset } = config;
  const { system } = reset;
  refuseCosign(config);
  const title = reset['grub-entry-name'];
  const power = powerAction(config);
  return {
    source: sourceOf(system.uri ?? RECOVERY_IMAGE, SOURCE, directory),
    strict: config.strict,
    force,
    extraPaths: config['cloud-init-paths'],
    systemLabel: system.label ?? installed.systemLabel ?? 'COS_ACTIVE',
    systemFs: imageFs(system.fs ?? installed.systemFs ?? 'ext2', 'reset.system.fs'),
    systemSizeMiB: system.size ?? 0,
    passiveLabel: installed.passiveLabel ?? 'COS_PASSIVE',
    attempts: attemptsOf(config.boot.attempts),
    erase: [
      ...(reset['reset-persistent'] ? (['persistent'] as const) : []),
      ...(reset['reset-oem'] ? (['oem'] as const) : []),
    ],
    ...(title === '' ? {} : { grubEntryName: title }),
    ...(power === undefined ? {} : { power }),
  };
}
