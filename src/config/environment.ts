/** Environment variables that stand for keys (spec 6.3). An empty one counts as not set. */
import type { Layer } from './layer.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Variable to key, in the order of the documentation. */
export const VARIABLES: Readonly<Record<string, string>> = {
  ELEMENTAL_REBOOT: 'reboot',
  ELEMENTAL_POWEROFF: 'poweroff',
  ELEMENTAL_STRICT: 'strict',
  ELEMENTAL_EJECT_CD: 'eject-cd',
  ELEMENTAL_INSTALL_TARGET: 'install.target',
  ELEMENTAL_INSTALL_SYSTEM: 'install.system.uri',
  ELEMENTAL_INSTALL_RECOVERY_SYSTEM: 'install.recovery-system.uri',
  ELEMENTAL_INSTALL_CLOUD_INIT: 'install.cloud-init',
  ELEMENTAL_INSTALL_ISO: 'install.iso',
  ELEMENTAL_INSTALL_FIRMWARE: 'install.firmware',
  ELEMENTAL_INSTALL_PART_TABLE: 'install.part-table',
  ELEMENTAL_INSTALL_NO_FORMAT: 'install.no-format',
  ELEMENTAL_INSTALL_GRUB_ENTRY_NAME: 'install.grub-entry-name',
  ELEMENTAL_INSTALL_DISABLE_BOOT_ENTRY: 'install.disable-boot-entry',
  ELEMENTAL_RESET_TARGET: 'reset.target',
  ELEMENTAL_RESET_SYSTEM: 'reset.system.uri',
  ELEMENTAL_RESET_GRUB_ENTRY_NAME: 'reset.grub-entry-name',
  ELEMENTAL_UPGRADE_RECOVERY: 'upgrade.recovery',
  ELEMENTAL_UPGRADE_SYSTEM: 'upgrade.system.uri',
  ELEMENTAL_UPGRADE_RECOVERY_SYSTEM: 'upgrade.recovery-system.uri',
};

export function environmentLayer(environment: Environment): Layer {
  return new Map(
    Object.entries(VARIABLES).flatMap(([name, key]) => {
      const value = environment[name];
      return value === undefined || value === ''
        ? []
        : [[key, { value, from: `environment ${name}` }] as const];
    }),
  );
}
