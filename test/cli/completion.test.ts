import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { SHELLS } from '../../src/cli/render/completion.ts';
import { runCli } from './run-cli.ts';

const installed = SHELLS.filter((shell) => spawnSync(shell, ['-c', ':']).status === 0);

describe('a completion script', () => {
  it.each(installed)('parses in %s', async (shell) => {
    const { stdout } = await runCli(`completion ${shell}`);
    const { status, stderr } = spawnSync(shell, ['-n'], { input: stdout, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it.each([
    ['slotwright up', ['upgrade', 'upgrade-recovery']],
    ['elemental --config-dir /x hist', ['history']],
    ['slotwright upgrade --sys', ['--system.uri']],
    ['slotwright machines upgrade --format ', ['mermaid', 'dot', 'svg', 'json']],
    ['slotwright inspect last --format ', ['mermaid', 'dot', 'svg']],
    ['slotwright completion ', ['bash', 'zsh', 'fish']],
    ['slotwright sandbox de', ['destroy', 'demo']],
    ['slotwright upgrade --docker', []],
  ])('offers in bash, after "%s"', async (line, expected) => {
    const { stdout } = await runCli('completion bash');
    expect(offered(stdout, line).sort()).toEqual(expect.arrayContaining(expected));
    expect(offered(stdout, line).filter((word) => !expected.includes(word))).toEqual(
      line.endsWith(' ') ? expect.any(Array) : [],
    );
  });
});

/** What bash would offer at the end of the line. */
function offered(script: string, line: string): string[] {
  const words = line.split(' ');
  const { stdout, stderr } = spawnSync(
    'bash',
    [
      '-c',
      `source <(cat); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _slotwright; printf '%s\\n' "\${COMPREPLY[@]}"`,
      'complete',
      ...words,
    ],
    { input: script, encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}
