import { isGiven, type Command } from '../command.ts';
import { EXIT } from '../../exit-codes.ts';
import { runOperation } from '../operation.ts';
import { operationOutcomeSchema } from '../outcome.ts';
import { requireRoot } from '../root.ts';
import { settingsFor } from '../settings.ts';

export const assessBoot: Command = {
  name: 'assess-boot',
  summary: 'judge this boot: confirm an image on trial, or say why not',
  description: [
    'Run by the boot units late in each boot. On trial: runs the executables in /etc/slotwright/health.d, /oem/slotwright/health.d and /usr/local/slotwright/health.d, looks at boot.health-units, and confirms the image when all are well; else it reboots, which uses up an attempt. After a fallback it records what became of the image. An ordinary boot changes nothing.',
  ],
  flags: [{ name: 'no-reboot', says: 'stay up when a health check fails' }],
  examples: [
    { says: 'as the boot unit runs it', line: 'assess-boot' },
    { says: 'look, and stay up', line: 'assess-boot --no-reboot' },
  ],
  changes: 'machine',
  exits: ['readConfig', 'notRoot', 'locked', 'unhealthy', 'attention'],
  output: operationOutcomeSchema,
  run: async (context, invocation) => {
    requireRoot(context);
    const { boot } = await settingsFor(context, invocation);
    const request = {
      by: 'unit' as const,
      units: boot['health-units'],
      timeoutMs: boot['health-timeout'] * 1000,
    };
    const result = await runOperation(context, invocation, {
      run: (services, hooks) => services.assessBoot(request, hooks),
    });
    if (result.exit !== EXIT.unhealthy || isGiven(invocation, 'no-reboot')) return result;
    const services = await context.services();
    return { ...result, afterwards: () => services.power('reboot') };
  },
};

export const confirm: Command = {
  name: 'confirm',
  summary: 'say that the running system is good, whatever its health checks say',
  description: ['Ends the trial of the running image. Nothing is on trial: nothing changes.'],
  examples: [{ says: 'after looking at it', line: 'confirm' }],
  changes: 'machine',
  exits: ['notRoot', 'locked', 'attention'],
  output: operationOutcomeSchema,
  run: async (context, invocation) => {
    requireRoot(context);
    const request = { by: 'hand' as const, units: [], timeoutMs: 0 };
    return runOperation(context, invocation, {
      run: (services, hooks) => services.assessBoot(request, hooks),
    });
  },
};
