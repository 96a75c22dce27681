/** `upgrade-recovery`: a new image becomes the recovery system. Active and passive are not touched. Spec 3.2, column `--recovery`. */
import { partitions, recoveryPartition } from './resources/partitions.ts';
import { target } from './resources/target.ts';
import { volumes } from './resources/volumes.ts';
import type { Operation } from './step.ts';
import { bindVolumes } from './steps/bind-volumes.ts';
import { checkRecovery } from './steps/check-recovery.ts';
import { deployImage } from './steps/deploy-image.ts';
import { mountTarget } from './steps/mount-target.ts';
import { openPartitions } from './steps/open-partitions.ts';
import { packImage } from './steps/pack-image.ts';
import { publishState } from './steps/publish-state.ts';
import { relabelTarget } from './steps/relabel-target.ts';
import { setRecovery } from './steps/set-recovery.ts';
import { unmountTarget } from './steps/unmount-target.ts';
import { verifyImage } from './steps/verify-image.ts';
import { upgradeStages } from './upgrade.ts';

export const upgradeRecovery: Operation = {
  name: 'upgrade-recovery',
  title: 'Install a new recovery system in the place of the present one',
  version: 1,
  pivot: 'set-recovery',
  resources: [partitions, target, volumes, recoveryPartition],
  steps: [
    openPartitions,
    checkRecovery,
    verifyImage,
    upgradeStages.before,
    mountTarget,
    deployImage,
    bindVolumes,
    upgradeStages.chroot,
    upgradeStages.after,
    relabelTarget,
    packImage,
    unmountTarget,
    setRecovery,
    publishState,
    upgradeStages.post,
  ],
};
