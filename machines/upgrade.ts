/** `upgrade`: a new image becomes active, the running one becomes passive. Spec 3.2, in the order of architecture section 4. */
import { EXIT } from '../src/exit-codes.ts';
import { partitions } from './resources/partitions.ts';
import { target } from './resources/target.ts';
import { volumes } from './resources/volumes.ts';
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
import { stageStep } from './steps/run-stage.ts';
import { setActive } from './steps/set-active.ts';
import { setPassive } from './steps/set-passive.ts';
import { unmountTarget } from './steps/unmount-target.ts';
import { verifyImage } from './steps/verify-image.ts';

/** The step that a repeat after its failure runs alone (law 3). */
export const POST_STAGE = 'run-post-stage';

/** Its hooks, which a recovery upgrade has too. */
export const upgradeStages = {
  before: stageStep({
    name: 'run-before-stage',
    title: 'Run hooks: before-upgrade',
    stage: 'before-upgrade',
    where: 'host',
    needs: ['partitions'],
    whenInterrupted: 'once-per-attempt',
    exit: EXIT.beforeUpgrade,
  }),
  chroot: stageStep({
    name: 'run-chroot-stage',
    title: 'Run hooks: after-upgrade-chroot, inside the new system',
    stage: 'after-upgrade-chroot',
    where: 'chroot',
    needs: ['partitions', 'target', 'volumes'],
    whenInterrupted: { discardTo: 'mount-target' },
    exit: EXIT.afterUpgradeChroot,
  }),
  after: stageStep({
    name: 'run-after-stage',
    title: 'Run hooks: after-upgrade',
    stage: 'after-upgrade',
    where: 'host',
    needs: ['partitions', 'target'],
    whenInterrupted: { discardTo: 'mount-target' },
    exit: EXIT.afterUpgrade,
  }),
  post: stageStep({
    name: POST_STAGE,
    title: 'Run hooks: post-upgrade',
    stage: 'post-upgrade',
    where: 'host',
    needs: ['partitions'],
    whenInterrupted: 'once-per-attempt',
    onFailure: 'report',
    exit: EXIT.postUpgrade,
  }),
} as const;

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
