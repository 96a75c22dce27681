/** The operations this tool knows: the only place that lists them. */
import { assessBoot } from './assess-boot.ts';
import { deploy } from './deploy.ts';
import { install, installInPlace } from './install.ts';
import { prepareDisk } from './prepare-disk.ts';
import { reset } from './reset.ts';
import { rollback } from './rollback.ts';
import type { Operation } from './step.ts';
import { upgradeRecovery } from './upgrade-recovery.ts';
import { upgrade } from './upgrade.ts';

export const OPERATIONS: readonly Operation[] = [
  upgrade,
  upgradeRecovery,
  rollback,
  reset,
  deploy,
  prepareDisk,
  install,
  installInPlace,
  assessBoot,
];

export function operationNamed(name: string): Operation | undefined {
  return OPERATIONS.find((operation) => operation.name === name);
}
