import { statusReportSchema } from '../../inspect/status-report.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../../exit-codes.ts';
import { statusText } from '../render/status.ts';

export const status: Command = {
  name: 'status',
  summary: 'show the slots, what is unfinished and what to run next',
  description: ['Changes nothing: it mounts nothing and repairs nothing.'],
  examples: [
    { says: 'at a glance', line: 'status' },
    { says: 'for a script', line: 'status --json' },
  ],
  exits: ['logDamaged', 'logForeign'],
  output: statusReportSchema,
  run: async ({ services, host }) => {
    const report = await (await services()).status();
    return {
      exit: EXIT.ok,
      document: report,
      text: statusText(report, host.program),
      says: 'answer',
    };
  },
};
