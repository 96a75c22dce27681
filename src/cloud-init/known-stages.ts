const boot = ['rootfs', 'initramfs', 'fs', 'network', 'boot', 'reconcile'];
const operations = ['install', 'upgrade', 'reset', 'deploy', 'disk'].flatMap((operation) => [
  `before-${operation}`,
  `after-${operation}-chroot`,
  `after-${operation}`,
  `post-${operation}`,
]);

/** Stages that something runs: the boot services, the operations, and `cloud-init` without a flag. */
export const knownStages: readonly string[] = [...boot, ...operations, 'default'];

/** A stage without `.before` or `.after`. */
export function baseStage(stage: string): string {
  return stage.replace(/\.(?:before|after)$/, '');
}

/** Whether a stage runs inside the root of a new image. */
export function isChrootStage(stage: string): boolean {
  return baseStage(stage).endsWith('-chroot');
}
