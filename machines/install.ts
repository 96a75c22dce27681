/**
 * `install`: a system comes onto a disk that `prepare-disk` has made ready. Spec 3.1, but for the order in which the disk becomes bootable:
 * that is its last write. `install-in-place` is the same on partitions that are kept: there a system may be replaced, slot by slot, so it
 * cannot go back once the first one is.
 */
import { EXIT } from '../src/exit-codes.ts';
import { installedPartitions } from './resources/installed-partitions.ts';
import { target } from './resources/target.ts';
import { volumes } from './resources/volumes.ts';
import { installRequestOf } from './install-request.ts';
import { stagesOf } from './stages.ts';
import type { Operation, Step } from './step.ts';
import { addBootEntry } from './steps/add-boot-entry.ts';
import { bindVolumes } from './steps/bind-volumes.ts';
import { checkInPlace } from './steps/check-in-place.ts';
import { copyCloudInit } from './steps/copy-cloud-init.ts';
import { deployImage } from './steps/deploy-image.ts';
import { ejectMedium } from './steps/eject-medium.ts';
import { installLoader } from './steps/install-loader.ts';
import { makeRecovery } from './steps/make-recovery.ts';
import { mountTarget } from './steps/mount-target.ts';
import { openPartitions } from './steps/open-partitions.ts';
import { publishInstall } from './steps/publish-install.ts';
import { relabelTarget } from './steps/relabel-target.ts';
import { setActive } from './steps/set-active.ts';
import { setMenu } from './steps/set-menu.ts';
import { setPassive } from './steps/set-passive.ts';
import { stageInstallMenu } from './steps/stage-install-menu.ts';
import { stageLoader } from './steps/stage-loader.ts';
import { unmountTarget } from './steps/unmount-target.ts';
import { verifyImage } from './steps/verify-image.ts';

const stages = stagesOf('install', {
  before: EXIT.beforeInstall,
  chroot: EXIT.afterInstallChroot,
  after: EXIT.afterInstall,
  post: EXIT.postInstall,
});

/** Continued by the installed system, it is left out: what it was to do was meant for the live one. */
const postStage: Step = {
  ...stages.post,
  skip: (context) =>
    installRequestOf(context).startedIn === context.device.bootedFrom
      ? undefined
      : 'the system that it belongs to does not run any more',
};

const toTheEnd: readonly Step[] = [
  verifyImage,
  stages.before,
  copyCloudInit,
  mountTarget,
  deployImage,
  bindVolumes,
  stages.chroot,
  stages.after,
  relabelTarget,
  stageInstallMenu,
  stageLoader,
  unmountTarget,
  setActive,
  setPassive,
  makeRecovery,
  setMenu,
  publishInstall,
  installLoader,
  addBootEntry,
  ejectMedium,
  postStage,
];

export const install: Operation = {
  name: 'install',
  title: 'Put a system on an empty disk',
  version: 1,
  pivot: 'install-boot-loader',
  resources: [installedPartitions, target, volumes],
  steps: [openPartitions, ...toTheEnd],
};

export const installInPlace: Operation = {
  ...install,
  name: 'install-in-place',
  title: 'Put a system on the partitions that a disk has',
  pivot: 'set-active',
  steps: [checkInPlace, ...toTheEnd],
};
