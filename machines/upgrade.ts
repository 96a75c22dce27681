/** `upgrade`: a new image becomes active, the running one becomes passive. Spec 3.2, in the order of architecture section 4. */
import { EXIT } from '../src/exit-codes.ts';
import { partitions } from './resources/partitions.ts';
import { target } from './resources/target.ts';
import { volumes } from './resources/volumes.ts';
import { stagesOf } from './stages.ts';
import type { Operation } from './step.ts';
import { armJudgement } from './steps/arm-judgement.ts';
import { bindVolumes } from './steps/bind-volumes.ts';
import { checkPreconditions } from './steps/check-preconditions.ts';
import { deployImage } from './steps/deploy-image.ts';
import { mountTarget } from './steps/mount-target.ts';
import { openPartitions } from './steps/open-partitions.ts';
import { publishState } from './steps/publish-state.ts';
import { relabelTarget } from './steps/relabel-target.ts';
import { retireActive } from './steps/retire-active.ts';
import { setActive } from './steps/set-active.ts';
import { setPassive } from './steps/set-passive.ts';
import { unmountTarget } from './steps/unmount-target.ts';
import { verifyImage } from './steps/verify-image.ts';

/** Its hooks, which a recovery upgrade has too. */
export const upgradeStages = stagesOf('upgrade', {
  before: EXIT.beforeUpgrade,
  chroot: EXIT.afterUpgradeChroot,
  after: EXIT.afterUpgrade,
  post: EXIT.postUpgrade,
});

export const upgrade: Operation = {
  name: 'upgrade',
  title: 'Install a new system beside the running one and make it active',
  version: 1,
  pivot: 'set-active',
  resources: [partitions, target, volumes],
  steps: [
    checkPreconditions,
    verifyImage,
    openPartitions,
    upgradeStages.before,
    mountTarget,
    deployImage,
    bindVolumes,
    upgradeStages.chroot,
    upgradeStages.after,
    relabelTarget,
    unmountTarget,
    armJudgement,
    retireActive,
    setActive,
    setPassive,
    publishState,
    upgradeStages.post,
  ],
};
