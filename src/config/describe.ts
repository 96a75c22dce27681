/** The configuration as a JSON schema, for editors and checks. */
import * as z from 'zod';
import { configSchema } from './keys.ts';

export function describeConfig(): Readonly<Record<string, unknown>> {
  return {
    ...z.toJSONSchema(configSchema, { io: 'output', unrepresentable: 'any', override: optional }),
    title: 'slotwright configuration (config.yaml)',
  };
}

/** Every key may be left out: the defaults are ours, not the file's. */
function optional({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  delete jsonSchema.required;
  delete jsonSchema.additionalProperties;
}
