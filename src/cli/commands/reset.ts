import { resetRequest } from '../../config/reset.ts';
import type { Command } from '../command.ts';
import { IGNORED, sourceFlags, VERIFY } from '../image-flags.ts';
import { ASKING_EXITS, CARRYING_OUT_EXITS, runImageOperation } from '../image-operation.ts';
import { operationOutcomeSchema } from '../outcome.ts';
import { CONFIGURED_POWER, DRY_RUN, STRICT } from '../shared-flags.ts';

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
    DRY_RUN,
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
    ...ASKING_EXITS,
    'formatPartitions',
    'beforeReset',
    'afterResetChroot',
    'afterReset',
    'postReset',
    ...CARRYING_OUT_EXITS,
  ],
  output: operationOutcomeSchema,
  run: (context, invocation) =>
    runImageOperation(context, invocation, {
      begin: (services, asked, hooks) => services.reset(resetRequest(asked), hooks),
    }),
};
