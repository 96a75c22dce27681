import { deployRequest } from '../../config/deploy.ts';
import type { Command } from '../command.ts';
import { sourceFlags, VERIFY } from '../image-flags.ts';
import { ASKING_EXITS, CARRYING_OUT_EXITS, runImageOperation } from '../image-operation.ts';
import { operationOutcomeSchema } from '../outcome.ts';
import { CONFIGURED_POWER, DRY_RUN, STRICT } from '../shared-flags.ts';

export const deploy: Command = {
  name: 'deploy',
  summary: 'put a system into a machine that has none',
  description: [
    'For machines that were set up with a recovery system only: makes the active image, runs the hooks of before-deploy, after-deploy-chroot and after-deploy, and makes passive a copy of it. Partitions, boot loader, recovery and user data stay.',
  ],
  arguments: [
    {
      name: 'IMAGE',
      presence: 'optional',
      says: 'dir:PATH or file:PATH; instead of --system.uri',
    },
  ],
  flags: [
    ...sourceFlags('image to deploy: dir:PATH or file:PATH', 'upgrade.system.uri'),
    DRY_RUN,
    STRICT,
    ...CONFIGURED_POWER,
    { name: 'force', says: 'deploy over a system; what runs stays as the fallback' },
    { name: 'no-verify', says: 'accepted; every image is verified anyway' },
    ...VERIFY,
  ],
  examples: [
    { says: 'from a directory, then start it', line: 'deploy dir:/mnt/root --reboot' },
    { says: 'from an image file', line: 'deploy file:/run/media/os.img' },
  ],
  changes: 'machine',
  exits: [...ASKING_EXITS, 'alreadyInstalled', 'cloudInit', ...CARRYING_OUT_EXITS],
  output: operationOutcomeSchema,
  run: (context, invocation) => {
    const [image] = invocation.arguments;
    return runImageOperation(context, invocation, {
      begin: (services, asked, hooks) => services.deploy(deployRequest({ ...asked, image }), hooks),
    });
  },
};
