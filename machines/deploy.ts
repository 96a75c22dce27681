/**
 * `deploy`: an image into the slots of a machine that has none, or, when forced, beside those it has. Spec 3.4: partition table, boot
 * loader, recovery and user data stay. A passive system that runs, or an active one that law 2 keeps, becomes or stays passive;
 * everywhere else passive becomes a copy.
 */
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

const stages = stagesOf('deploy', {
  before: EXIT.cloudInit,
  chroot: EXIT.cloudInit,
  after: EXIT.cloudInit,
  post: EXIT.cloudInit,
});

export const deploy: Operation = {
  name: 'deploy',
  title: 'Put a system into the slots of a machine that has none',
  version: 1,
  pivot: 'set-active',
  resources: [partitions, target, volumes],
  steps: [
    checkPreconditions,
    verifyImage,
    openPartitions,
    stages.before,
    mountTarget,
    deployImage,
    bindVolumes,
    stages.chroot,
    stages.after,
    relabelTarget,
    unmountTarget,
    armJudgement,
    retireActive,
    setActive,
    setPassive,
    publishState,
  ],
};
