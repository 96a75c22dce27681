/**
 * `reset`: active and passive are made anew from the recovery system or another image. Spec 3.3, but what boots is never formatted: the boot menu,
 * its environment and recovery stay usable throughout, so there is no moment at which nothing boots.
 */
import { EXIT } from '../src/exit-codes.ts';
import { partitions } from './resources/partitions.ts';
import { target } from './resources/target.ts';
import { volumes } from './resources/volumes.ts';
import { stagesOf } from './stages.ts';
import type { Operation } from './step.ts';
import { armJudgement } from './steps/arm-judgement.ts';
import { bindVolumes } from './steps/bind-volumes.ts';
import { checkReset } from './steps/check-reset.ts';
import { clearState } from './steps/clear-state.ts';
import { deployImage } from './steps/deploy-image.ts';
import { eraseVolumes } from './steps/erase-volumes.ts';
import { formatVolumes } from './steps/format-volumes.ts';
import { makeRoom } from './steps/make-room.ts';
import { mountTarget } from './steps/mount-target.ts';
import { openPartitions } from './steps/open-partitions.ts';
import { publishState } from './steps/publish-state.ts';
import { relabelTarget } from './steps/relabel-target.ts';
import { setActive } from './steps/set-active.ts';
import { setMenu } from './steps/set-menu.ts';
import { setPassive } from './steps/set-passive.ts';
import { stageMenu } from './steps/stage-menu.ts';
import { unmountTarget } from './steps/unmount-target.ts';
import { verifyImage } from './steps/verify-image.ts';

const stages = stagesOf('reset', {
  before: EXIT.beforeReset,
  chroot: EXIT.afterResetChroot,
  after: EXIT.afterReset,
  post: EXIT.postReset,
});

export const reset: Operation = {
  name: 'reset',
  title: 'Make active and passive anew from the recovery system',
  version: 1,
  pivot: 'set-active',
  // The running system would lose its name to one that nobody has booted (law 2).
  onlyIn: 'recovery',
  resources: [partitions, target, volumes],
  steps: [
    checkReset,
    verifyImage,
    formatVolumes,
    openPartitions,
    eraseVolumes,
    stages.before,
    makeRoom,
    mountTarget,
    deployImage,
    bindVolumes,
    stages.chroot,
    stages.after,
    relabelTarget,
    stageMenu,
    unmountTarget,
    armJudgement,
    setActive,
    setPassive,
    setMenu,
    clearState,
    publishState,
    stages.post,
  ],
};
