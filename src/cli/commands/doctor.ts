import * as z from 'zod';
import { findingSchema, type Finding } from '../../inspect/diagnosis.ts';
import { EXIT } from '../../exit-codes.ts';
import { isGiven, type Command } from '../command.ts';
import { listenForStop } from '../interruption.ts';
import { diagnosisText } from '../render/doctor.ts';
import { requireRoot } from '../root.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'compare this machine with its log, explain what differs, and repair what is ours',
  description: [
    'Looks at the log, the slots, the boot environment, mounts, the lock, the registry and the room on COS_STATE. Changes nothing without --fix.',
    '--fix gives back what a killed process left writable or frozen, removes files of operations that were given up, and makes the registry, the reserve and the copies of the log anew. It takes the lock like an operation, and touches nothing that is not ours; an unfinished operation is left to "resume" and "abort".',
    'Ends with 101 while something is not as it should be.',
  ],
  flags: [
    { name: 'fix', says: 'repair what is ours' },
    {
      name: 'deep',
      says: 'read the images whole, their digests and file systems, and the copies of the log',
    },
  ],
  examples: [
    { says: 'after something went wrong', line: 'doctor' },
    { says: 'and put it in order', line: 'doctor --fix' },
    { says: 'for a monitor, once a month', line: 'doctor --deep --json' },
  ],
  exits: ['notRoot', 'locked', 'logDamaged', 'logForeign', 'ailing', 'interrupted'],
  output: z.object({
    findings: z.array(findingSchema),
    done: z.array(z.string()).describe('what --fix did'),
  }),
  changes: 'machine',
  run: async (context, invocation) => {
    requireRoot(context);
    const services = await context.services();
    const stop = listenForStop(context.host, context.screen);
    try {
      const depth = isGiven(invocation, 'deep') ? 'content' : 'names';
      const done = isGiven(invocation, 'fix') ? await services.treat() : [];
      const findings = await services.diagnose(depth, stop.signal);
      return {
        exit: findings.some(isAiling) ? EXIT.ailing : EXIT.ok,
        document: { findings, done },
        text: diagnosisText(findings, done),
        says: 'answer',
      };
    } finally {
      stop.end();
    }
  },
};

const isAiling = ({ severity }: Finding): boolean => severity !== 'info';
