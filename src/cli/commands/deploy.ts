import { deployRequest } from '../../config/deploy.ts';
import { powerAction } from '../../config/upgrade.ts';
import { isGiven, type Command } from '../command.ts';
import { sourceFlags, VERIFY } from '../image-flags.ts';
import { runOperation } from '../operation.ts';
import { operationOutcomeSchema } from '../outcome.ts';
import { requireRoot } from '../root.ts';
import { settingsFor } from '../settings.ts';
import { CONFIGURED_POWER, STRICT } from '../shared-flags.ts';

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
  exits: [
    'readConfig',
    'flags',
    'readCommandConfig',
    'alreadyInstalled',
    'notRoot',
    'cloudInit',
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
    const [image] = invocation.arguments;
    const request = deployRequest({
      config,
      installed: await services.imageDefaults(),
      directory: context.host.directory,
      force: isGiven(invocation, 'force'),
      image,
    });
    return runOperation(context, {
      run: (engine, hooks) => engine.deploy(request, hooks),
      power: powerAction(config),
    });
  },
};
