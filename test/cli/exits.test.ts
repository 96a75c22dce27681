/** Every exit code that a step of an operation can give is among those that the help of its command lists. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/catalog.ts';

/** Operations of each command. */
const OPERATIONS = {
  upgrade: ['upgrade', 'upgrade-recovery'],
  'upgrade-recovery': ['upgrade-recovery'],
  reset: ['reset'],
  deploy: ['deploy'],
  rollback: ['rollback'],
  install: ['prepare-disk', 'install'],
  'assess-boot': ['assess-boot'],
} as const;

it.each(Object.entries(OPERATIONS))('the help of %s lists them', (name, operations) => {
  const listed = COMMANDS.find((command) => command.name === name)?.exits ?? [];
  const possible = new Set(operations.flatMap((operation) => exitsIn(`${operation}.ts`)));
  expect([...possible].filter((exit) => !listed.some((one) => one === exit))).toEqual([]);
});

/** Named in the source of an operation, and in those of its steps and resources. */
function exitsIn(operation: string): readonly string[] {
  const text = sourceOf(operation);
  const parts = [...text.matchAll(/from '\.\/((?:steps|resources)\/[\w-]+\.ts)'/g)];
  return [text, ...parts.map(([, part = '']) => sourceOf(part))].flatMap((source) =>
    [...source.matchAll(/\bEXIT\.(\w+)/g)].map(([, exit = '']) => exit),
  );
}

function sourceOf(file: string): string {
  return readFileSync(fileURLToPath(new URL(`../../machines/${file}`, import.meta.url)), 'utf8');
}
