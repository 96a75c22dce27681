/** `docs/configuration.md`: every key with its default, its variable and its meaning, from the schema itself. */
import * as z from 'zod';
import { VARIABLES } from './environment.ts';
import { LEAVES } from './leaves.ts';

export function configurationDocument(): string {
  return `<!-- Generated from src/config: change it there, then run the tests with -u. -->

# Configuration

Lowest to highest: the defaults, \`/etc/os-release\` (its keys in lower case), \`/etc/elemental/config.yaml\`,
\`/etc/elemental/config.d/*.yaml\` in lexical order, the environment, flags that were given. Maps are merged, lists are
replaced. A value of the wrong type is told and passed over (\`install\` refuses one of its own); a file that does not parse ends the command with exit 31.
\`--config-dir\` names another directory; \`slotwright schema config\` prints a JSON schema for editors.

| key | default | environment | meaning |
| --- | --- | --- | --- |
${[...LEAVES].map(([key, type]) => row(key, type)).join('\n')}
`;
}

function row(key: string, type: z.core.$ZodType): string {
  const variable = Object.entries(VARIABLES).find(([, named]) => named === key)?.[0];
  const schema = z.toJSONSchema(type, { unrepresentable: 'any' });
  const fallback = schema.default === undefined ? '' : code(JSON.stringify(schema.default));
  const says = schema.description ?? '';
  return `| ${code(key)} | ${fallback} | ${variable === undefined ? '' : code(variable)} | ${says} |`;
}

const code = (text: string): string => `\`${text}\``;
