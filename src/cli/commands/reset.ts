import { resetRequest } from '../../config/reset.ts';
import { powerAction } from '../../config/upgrade.ts';
import { isGiven, type Command } from '../command.ts';
import { IGNORED, sourceFlags, VERIFY } from '../image-flags.ts';
import { runOperation } from '../operation.ts';
import { operationOutcomeSchema } from '../outcome.ts';
import { requireRoot } from '../root.ts';
import { settingsFor } from '../settings.ts';
import { CONFIGURED_POWER, STRICT } from '../shared-flags.ts';

export const reset: Command = {
  name: 'reset',
  summary: 'make the system anew, from recovery',
  description: [
    'Run in the recovery system: makes the active image anew from the recovery image or another one, runs the hooks in it, and makes passive a copy of it. What else is on the state partition goes; the history stays. Recovery boots at every moment; interrupted, it is continued in recovery, and undone where the machine starts another system before the switch.',
  ],
  flags: [
    ...sourceFlags(
      'image to make the system from (default: the recovery image)',
      'reset.system.uri',
    ),
    {
      name: 'reset-persistent',
      says: 'erase the persistent partition: all that users wrote',
      key: 'reset.reset-persistent',
    },
    {
      name: 'reset-oem',
      says: 'erase the OEM partition: all configuration',
      key: 'reset.reset-oem',
    },
    STRICT,
    ...CONFIGURED_POWER,
    {
      name: 'force',
      says: 'reset over an unfinished operation or an event log that cannot be read',
    },
    {
      name: 'disable-boot-entry',
      says: 'accepted; a reset leaves EFI boot entries alone',
      key: 'reset.disable-boot-entry',
    },
    ...VERIFY,
    ...IGNORED,
  ],
  examples: [
    { says: 'to the system that recovery holds, then start it', line: 'reset --reboot' },
    {
      says: 'to factory state: without user data and configuration',
      line: 'reset --reset-persistent --reset-oem --reboot',
    },
    { says: 'to another image', line: 'reset --system.uri file:/run/media/os.img' },
  ],
  changes: 'machine',
  exits: [
    'readConfig',
    'flags',
    'readCommandConfig',
    'mountPartitions',
    'notRoot',
    'beforeReset',
    'afterResetChroot',
    'afterReset',
    'postReset',
    'locked',
    'unfinished',
    'attention',
    'noSpace',
    'notBuilt',
    'interrupted',
  ],
  output: operationOutcomeSchema,
  run: async (context, invocation) => {
    requireRoot(context);
    const services = await context.services();
    const config = await settingsFor(context, invocation);
    const request = resetRequest({
      config,
      installed: await services.imageDefaults(),
      directory: context.host.directory,
      force: isGiven(invocation, 'force'),
    });
    return runOperation(context, {
      run: (engine, hooks) => engine.reset(request, hooks),
      power: powerAction(config),
    });
  },
};
