/**
 * Exit codes. 10-89 and 255 are the reference's intended ones (its documentation promises them); 90-99 are ours.
 * The table in `docs/exit-codes.md` is generated from here.
 */
export const EXIT = {
  ok: 0,
  usage: 1,
  missingFlag: 14,
  outputExists: 25,
  readBuildConfig: 26,
  statFile: 28,
  readConfig: 31,
  flags: 32,
  readCommandConfig: 33,
  mountState: 34,
  mountRecovery: 35,
  beforeUpgrade: 36,
  afterUpgrade: 38,
  afterUpgradeChroot: 39,
  cleanup: 41,
  reboot: 42,
  poweroff: 43,
  labelImage: 44,
  bootEntry: 45,
  selinux: 46,
  invalidTarget: 47,
  deployImage: 48,
  installLoader: 49,
  beforeInstall: 50,
  afterInstall: 51,
  afterInstallChroot: 52,
  download: 53,
  mountPartitions: 54,
  partitioning: 56,
  alreadyInstalled: 57,
  notRoot: 58,
  formatPartitions: 60,
  beforeReset: 61,
  afterResetChroot: 62,
  afterReset: 63,
  unsupported: 64,
  cloudInit: 65,
  unpackImage: 66,
  noSource: 68,
  checksum: 70,
  unmountImage: 71,
  postUpgrade: 72,
  postReset: 73,
  postInstall: 74,
  createImage: 76,
  copyImage: 77,
  bootVariables: 78,
  beforeDisk: 79,
  afterDisk: 80,
  afterDiskChroot: 81,
  postDisk: 82,
  /** Another process holds the device. */
  locked: 90,
  /** An operation is unfinished: `resume` or `abort` first. */
  unfinished: 91,
  /** Stopped for attention: a step failed past the point of no return, or died too often. */
  attention: 92,
  /** The event log is damaged. */
  logDamaged: 93,
  /** Not enough space; nothing was changed. */
  noSpace: 94,
  /** Refused: it would cost the last good image (laws 2 and 3). */
  refused: 95,
  /** The image failed its judgement before. */
  condemned: 96,
  /** The log is of another version of this tool, or says something this version cannot follow. */
  logForeign: 97,
  /** Not built yet in this version. */
  notBuilt: 98,
  /** A health check failed: the running image is not confirmed. */
  unhealthy: 99,
  /** A proof found a cut that breaks a law. */
  lawBroken: 100,
  /** The doctor found something that is not as it should be. */
  ailing: 101,
  interrupted: 130,
  terminated: 143,
  unknown: 255,
} as const;
