/** JSON schema of what a command prints with `--json`: its result, or the error that kept it from one. */
import * as z from 'zod';
import { errorViewSchema } from '../../inspect/error-view.ts';
import type { Command } from '../command.ts';

export function outputSchema(command: Command): Record<string, unknown> {
  const result = z.intersection(
    z.looseObject({ ok: z.boolean().describe('true when the exit code is 0') }),
    command.output,
  );
  const failure = z.object({ ok: z.literal(false), error: errorViewSchema });
  return {
    ...z.toJSONSchema(z.union([result, failure]), { override: open }),
    title: `slotwright ${command.name} --json`,
  };
}

/** Readers must ignore what they do not know: later versions tell more. */
function open({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
}
