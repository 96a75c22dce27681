import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/catalog.ts';
import { commandsDocument, exitCodesDocument } from '../../src/cli/render/command-docs.ts';
import { configurationDocument } from '../../src/config/document.ts';
import { runCli } from './run-cli.ts';

const docs = new URL('../../docs/', import.meta.url).pathname;
const built = COMMANDS.filter(({ refused }) => refused !== true).map(({ name }) => name);

/** Run with -u to write them anew. */
describe('the documents made from the tables are current', () => {
  it('commands.md', () => isCurrent('commands.md', commandsDocument(COMMANDS)));
  it('configuration.md', () => isCurrent('configuration.md', configurationDocument()));
  it('exit-codes.md', () => isCurrent('exit-codes.md', exitCodesDocument()));

  it('schema/config.schema.json', async () => {
    const { stdout } = await runCli('schema config');
    await isCurrent('schema/config.schema.json', stdout);
  });

  it.each(built)('schema/%s.schema.json', async (name) => {
    const { stdout } = await runCli(`schema output ${name}`);
    await isCurrent(`schema/${name}.schema.json`, stdout);
  });
});

async function isCurrent(name: string, text: string): Promise<void> {
  const filepath = docs + name;
  const style = await resolveConfig(filepath);
  await expect(await format(text, { ...style, filepath })).toMatchFileSnapshot(filepath);
}

describe('every command', () => {
  it.each(built)('%s has examples that it understands', (name) => {
    const command = COMMANDS.find((one) => one.name === name);
    expect(command?.examples.length).toBeGreaterThan(0);
    for (const { line } of command?.examples ?? []) expect(line).toMatch(new RegExp(`^${name}\\b`));
  });

  it('is named once, and its flags too', () => {
    const names = COMMANDS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { flags = [] } of COMMANDS) {
      const all = flags.flatMap(({ name, short }) => [
        name,
        ...(short === undefined ? [] : [short]),
      ]);
      expect(new Set(all).size).toBe(all.length);
    }
  });
});

it('refuses the schema of what is no command', async () => {
  const { exit, stderr } = await runCli('schema output convert-disk');
  expect(exit).toBe(1);
  expect(stderr).toContain('there is no output of "convert-disk"');
});
