import * as z from 'zod';
import { isGiven, type Command } from '../command.ts';
import { EXIT } from '../../exit-codes.ts';
import { FULL_VERSION, VERSION } from '../version.ts';

export const version: Command = {
  name: 'version',
  summary: 'print the version',
  flags: [{ name: 'long', says: 'with the runtime' }],
  examples: [{ says: 'for a bug report', line: 'version --long' }],
  output: z.object({ version: z.string(), full: z.string(), runtime: z.string() }),
  run: async (_, invocation) => {
    const runtime = `node ${process.versions.node} ${process.platform}/${process.arch}`;
    return {
      exit: EXIT.ok,
      document: { version: VERSION, full: FULL_VERSION, runtime },
      text: isGiven(invocation, 'long') ? `slotwright ${FULL_VERSION} (${runtime})` : FULL_VERSION,
      says: 'answer',
    };
  },
};
