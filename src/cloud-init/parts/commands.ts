import { EntryError } from './entry-error.ts';
import type { Part } from './part.ts';
import { endOf, isSuccess } from './run-program.ts';

/** Each command runs in its own shell, in order; a failing one does not stop the next. */
export const commands: Part = {
  name: 'commands',
  isAskedFor: (step) => (step.commands ?? []).length > 0,
  async run(step, context) {
    for (const [index, command] of (step.commands ?? []).entries()) {
      await context.attempt(command.at, async () => {
        const argv = command.argv ?? (['sh', '-c', await context.render(command.text)] as const);
        const result = await context.exec(argv);
        if (!isSuccess(result)) {
          throw new EntryError(
            `command ${String(index + 1)} (\`${shortened(command.text)}\`) ${endOf(result)}`,
          );
        }
      });
    }
  },
};

function shortened(text: string): string {
  const line = text.trim().split('\n')[0] ?? '';
  return line.length > 60 || line !== text.trim() ? `${line.slice(0, 60)}...` : line;
}
