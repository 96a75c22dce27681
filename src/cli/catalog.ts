/** Every command, in the order of help. */
import type { Command } from './command.ts';
import { abort } from './commands/abort.ts';
import { buildDisk } from './commands/build-disk.ts';
import { buildIso } from './commands/build-iso.ts';
import { assessBoot, confirm } from './commands/assess-boot.ts';
import { cloudInit } from './commands/cloud-init.ts';
import { completion } from './commands/completion.ts';
import { doctor } from './commands/doctor.ts';
import { history } from './commands/history.ts';
import { init } from './commands/init.ts';
import { inspect } from './commands/inspect.ts';
import { install } from './commands/install.ts';
import { lint } from './commands/lint.ts';
import { machines } from './commands/machines.ts';
import { notBuiltCommands } from './commands/not-built.ts';
import { plan } from './commands/plan.ts';
import { prove } from './commands/prove.ts';
import { pullImage } from './commands/pull-image.ts';
import { resume } from './commands/resume.ts';
import { deploy } from './commands/deploy.ts';
import { replay } from './commands/replay.ts';
import { reset } from './commands/reset.ts';
import { promote, rollback } from './commands/rollback.ts';
import { runStage } from './commands/run-stage.ts';
import { sandbox } from './commands/sandbox.ts';
import { schema } from './commands/schema.ts';
import { status } from './commands/status.ts';
import { upgrade, upgradeRecovery } from './commands/upgrade.ts';
import { version } from './commands/version.ts';
import { why } from './commands/why.ts';

export const COMMANDS: readonly Command[] = [
  upgrade,
  upgradeRecovery,
  resume,
  abort,
  rollback,
  promote,
  install,
  reset,
  deploy,
  plan,
  assessBoot,
  confirm,
  status,
  doctor,
  why,
  history,
  inspect,
  replay,
  machines,
  runStage,
  cloudInit,
  lint,
  sandbox,
  prove,
  init,
  buildDisk,
  buildIso,
  pullImage,
  schema,
  completion,
  version,
  ...notBuiltCommands,
];
