import { createBoot } from './boot.ts';
import { createDisks } from './disks.ts';
import { createExec } from './exec.ts';
import { createFiles } from './files.ts';
import { createHealth } from './health.ts';
import { createHost } from './host.ts';
import { createImages } from './images.ts';
import { createMounts } from './mounts.ts';
import { createPower } from './power.ts';
import { createSettle } from './settle.ts';
import type { StagesPort, System } from '../port.ts';
import type { ExecOptions } from './exec.ts';

export interface LinuxOptions extends ExecOptions {
  readonly stages: StagesPort;
}

/** The machine this process runs on. */
export function createLinuxSystem(options: LinuxOptions): System {
  const exec = createExec(options);
  const settle = createSettle(exec);
  const host = createHost(exec);
  return {
    host,
    disks: createDisks(exec),
    mounts: createMounts(exec),
    files: createFiles(exec),
    images: createImages(exec),
    boot: createBoot(exec, host, settle),
    settle,
    stages: options.stages,
    health: createHealth(exec),
    power: createPower(exec),
  };
}
