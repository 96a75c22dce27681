/** The example of the documentation, rehearsed on a sandbox as the README of docs/ says. Run with -u to write its output anew. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';

const page = resolve('docs/README.md');
const bundle = resolve('dist/slotwright.cjs');
const root = process.getuid?.() === 0;
if (!root) process.stdout.write('examples: left out, they need root\n');

/** The exit code of the vectors' runner where there is no base root and none can be made. */
const cannotBeRunHere = 75;

describe.runIf(root)('the example edge-node.yaml', () => {
  it('does in a sandbox what the README of docs/ shows', { timeout: 600_000 }, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'slotwright-examples-'));
    try {
      const tree = systemTree(folder);
      if (tree === undefined) {
        process.stdout.write('examples: left out, no root tree can be made\n');
        context.skip('no root tree can be made');
        return;
      }
      const { status, stdout, stderr } = spawnSync(
        'docs/examples/rehearse.sh',
        [tree, join(folder, 'sandbox')],
        {
          encoding: 'utf8',
          env: { ...process.env, SLOTWRIGHT: `${process.execPath} ${bundle}` },
        },
      );
      expect(status, stdout + stderr).toBe(0);
      await isShown('output of examples/rehearse.sh', `\`\`\`console\n${stdout}\`\`\``);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

it('the README of docs/ has the text of the example', () => {
  const text = readFileSync('docs/examples/edge-node.yaml', 'utf8');
  expect(readFileSync(page, 'utf8')).toContain(`\`\`\`yaml\n${text}\`\`\``);
});

/** What stands between the comment of this text and the next `end`. */
async function isShown(comment: string, block: string): Promise<void> {
  const [start = '', rest = ''] = readFileSync(page, 'utf8').split(`<!-- ${comment} -->`);
  const end = rest.slice(rest.indexOf('<!-- end -->'));
  const style = await resolveConfig(page);
  const made = `${start}<!-- ${comment} -->\n\n${block}\n\n${end}`;
  await expect(await format(made, { ...style, filepath: page })).toMatchFileSnapshot(page);
}

/** The base root of the vectors has systemd; a system of an image has mount points and a hosts file besides. */
function systemTree(folder: string): string | undefined {
  const command = ['src/setup.mjs', 'vectors', '--base-only'];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  if (status === cannotBeRunHere) return undefined;
  expect(status, stderr).toBe(0);
  const tree = join(folder, 'tree');
  const base = stdout.trim().split('\n').at(-1) ?? '';
  expect(spawnSync('cp', ['--archive', base, tree]).status).toBe(0);
  for (const name of ['oem', 'proc', 'sys']) mkdirSync(join(tree, name));
  writeFileSync(join(tree, 'etc/hosts'), '127.0.0.1 localhost\n');
  return tree;
}
