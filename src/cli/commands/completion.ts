import * as z from 'zod';
import type { Command } from '../command.ts';
import { EXIT } from '../../exit-codes.ts';
import { completionScript, SHELLS } from '../render/completion.ts';

export const completion: Command = {
  name: 'completion',
  summary: 'print a completion script for a shell',
  arguments: [{ name: 'SHELL', presence: 'required', choices: SHELLS, says: 'which shell' }],
  examples: [
    {
      says: 'bash, for everybody',
      line: 'completion bash > /etc/bash_completion.d/slotwright',
    },
    { says: 'fish, for me', line: 'completion fish > ~/.config/fish/completions/slotwright.fish' },
  ],
  output: z.object({ shell: z.enum(SHELLS), script: z.string() }),
  run: async (_, { arguments: [asked] }) => {
    const { COMMANDS } = await import('../catalog.ts');
    const shell = SHELLS.find((one) => one === asked) ?? 'bash';
    const script = completionScript(shell, COMMANDS);
    return { exit: EXIT.ok, document: { shell, script }, text: script, says: 'answer' };
  },
};
