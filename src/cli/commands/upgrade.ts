import { upgradeRequest } from '../../config/upgrade.ts';
import type { Config } from '../../config/keys.ts';
import type { Command, CommandResult, Context, Invocation } from '../command.ts';
import { IGNORED, sourceFlags, SQUASH, VERIFY } from '../image-flags.ts';
import { ASKING_EXITS, CARRYING_OUT_EXITS, runImageOperation } from '../image-operation.ts';
import { operationOutcomeSchema } from '../outcome.ts';
import { CONFIGURED_POWER, DRY_RUN, STRICT } from '../shared-flags.ts';

export const upgrade: Command = {
  name: 'upgrade',
  summary: 'upgrade the system to another image',
  description: [
    'Writes the image beside the running one, runs the hooks in it, checks it, and lets it boot next. The running image becomes the fallback. What is interrupted is continued by "resume" or undone by "abort"; the same image again changes nothing.',
  ],
  flags: [
    ...sourceFlags('image to upgrade to: dir:PATH or file:PATH', 'upgrade.system.uri'),
    {
      name: 'recovery',
      says: 'upgrade the recovery image instead; its source is --recovery-system.uri',
      key: 'upgrade.recovery',
    },
    {
      name: 'recovery-system.uri',
      value: 'URI',
      says: 'image for --recovery',
      key: 'upgrade.recovery-system.uri',
    },
    DRY_RUN,
    STRICT,
    ...CONFIGURED_POWER,
    {
      name: 'force',
      says: 're-apply hooks of an installed image, go on over an image on trial or judged bad',
    },
    ...VERIFY,
    ...SQUASH,
    { name: 'local', says: 'take a container image from the local daemon', key: 'local' },
    ...IGNORED,
  ],
  examples: [
    { says: 'from a directory', line: 'upgrade --system.uri dir:/mnt/new-root' },
    {
      says: 'from an image file, stopping at the first failing hook, then reboot',
      line: 'upgrade --system.uri file:/tmp/os.img --strict --reboot',
    },
    {
      says: 'the recovery system',
      line: 'upgrade --recovery --recovery-system.uri dir:/mnt/rescue',
    },
    { says: 'as configured in /etc/elemental', line: 'upgrade' },
  ],
  changes: 'machine',
  exits: [
    ...ASKING_EXITS,
    'beforeUpgrade',
    'afterUpgrade',
    'afterUpgradeChroot',
    'postUpgrade',
    'refused',
    ...CARRYING_OUT_EXITS,
  ],
  output: operationOutcomeSchema,
  run: (context, invocation) => runUpgrade(context, invocation, (config) => config),
};

/** The name of the successor for `upgrade --recovery`. */
export const upgradeRecovery: Command = {
  ...upgrade,
  name: 'upgrade-recovery',
  summary: 'upgrade the recovery system to another image',
  description: [
    'The same as "upgrade --recovery": writes the image beside the present recovery image, runs the hooks in it, checks it, and gives it its name. Active and passive are not touched.',
  ],
  examples: [
    {
      says: 'from a directory',
      line: 'upgrade-recovery --recovery-system.uri dir:/mnt/rescue',
    },
  ],
  run: (context, invocation) =>
    runUpgrade(context, invocation, (config) => ({
      ...config,
      upgrade: { ...config.upgrade, recovery: true },
    })),
};

function runUpgrade(
  context: Context,
  invocation: Invocation,
  adapt: (config: Config) => Config,
): Promise<CommandResult> {
  return runImageOperation(context, invocation, {
    adapt,
    begin: (services, asked, hooks) => services.upgrade(upgradeRequest(asked), hooks),
  });
}
