import { execFileSync, spawn } from 'node:child_process';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { InterruptedError, LockedError } from '../../../../src/errors.ts';
import { createExec } from '../../../../src/system/linux/exec.ts';
import { createPower } from '../../../../src/system/linux/power.ts';
import { scratch } from './scratch.ts';

const exec = createExec();

describe('running a tool', () => {
  it('gives its output, in one language, without an input to wait for', async () => {
    const { stdout } = await exec.read('sh', ['-c', 'cat; echo "$LC_ALL"']);
    expect(stdout).toBe('C\n');
  });

  it('passes arguments as they are', async () => {
    const odd = ['a b', '$HOME', '*', "'", '"', '\n', ''];
    const { stdout } = await exec.change('printf', ['%s|', ...odd]);
    expect(stdout).toBe(odd.map((text) => `${text}|`).join(''));
  });

  it('says what failed, how, and what the tool said last', async () => {
    await expect(
      exec.change('sh', ['-c', 'echo first >&2; echo the reason >&2; exit 3']),
    ).rejects.toMatchObject({
      name: 'CommandError',
      code: 'command-failed',
      message: expect.stringMatching(/^sh -c .* failed \(exit code 3\)$/s) as unknown,
      reason: 'first\nthe reason',
      exitCode: 3,
    });
  });

  it('takes an exit code for success where it is one', async () => {
    const { exitCode } = await exec.read('sh', ['-c', 'exit 2'], { accept: [0, 2] });
    expect(exitCode).toBe(2);
  });

  it.each(['read', 'change'] as const)('names the package of a missing tool (%s)', async (how) => {
    const nothing = createExec({ environment: { PATH: await pathWith('setpriv') } });
    await expect(nothing[how]('tune2fs', [])).rejects.toMatchObject({
      code: 'tool-missing',
      message: 'tune2fs is not installed',
      hint: 'install the package e2fsprogs',
    });
  });

  it('ends at once when it is told to stop, as an interruption', async () => {
    const stop = new AbortController();
    const running = exec.change('sleep', ['600'], { signal: stop.signal });
    stop.abort();
    await expect(running).rejects.toThrow(InterruptedError);
    await expect(exec.read('true', [], { signal: stop.signal })).rejects.toThrow(InterruptedError);
  });

  it('gives the reason of the stop where that is an error of ours', async () => {
    const reason = new LockedError({ code: 'lock-lost', message: 'the lock is gone' });
    const stopped = createExec({ signal: AbortSignal.abort(reason) });
    await expect(stopped.read('true', [])).rejects.toBe(reason);
  });

  it('does not wait for ever', async () => {
    await expect(exec.read('sleep', ['600'], { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'command-timeout',
    });
  });

  it('is not stopped when it must reach its end', async () => {
    const stopped = createExec({ signal: AbortSignal.abort() });
    expect((await stopped.finish('echo', ['done'])).stdout).toBe('done\n');
  });
});

describe('running tools in a row', () => {
  const signal = new AbortController().signal;

  it('passes every byte on, and shows it', async () => {
    let passed = 0;
    let received = 0;
    await exec.pipe(
      [
        { tool: 'head', args: ['--bytes=5000000', '/dev/zero'] },
        { tool: 'cat', args: [] },
      ],
      {
        signal,
        passing: (chunk) => (passed += chunk.length),
        sink: (chunk) => (received += chunk.length),
      },
    );
    expect([passed, received]).toEqual([5_000_000, 5_000_000]);
  });

  it('names the reader that failed, not the writer whose output nobody took', async () => {
    await expect(
      exec.pipe(
        [
          { tool: 'cat', args: ['/dev/zero'] },
          { tool: 'sh', args: ['-c', 'echo full >&2; exit 9'] },
        ],
        { signal },
      ),
    ).rejects.toMatchObject({ exitCode: 9, reason: 'full' });
  });

  it('fails when the writer fails, even if the reader is content', async () => {
    await expect(
      exec.pipe(
        [
          { tool: 'sh', args: ['-c', 'echo data; exit 7'] },
          { tool: 'cat', args: [] },
        ],
        { signal },
      ),
    ).rejects.toMatchObject({ exitCode: 7 });
  });

  it('ends all of them when it is told to stop', async () => {
    const stop = new AbortController();
    const running = exec.pipe(
      [
        { tool: 'cat', args: ['/dev/zero'] },
        { tool: 'sleep', args: ['600'] },
      ],
      { signal: stop.signal },
    );
    stop.abort();
    await expect(running).rejects.toThrow(InterruptedError);
  });
});

describe('a killed process', () => {
  it('takes the tool it runs with it', async () => {
    const folder = await scratch();
    const program = path.join(folder, 'program.mjs');
    await build({
      stdin: {
        contents: `import { createExec } from './src/system/linux/exec.ts';
          await createExec().change('sh', ['-c', 'echo $$ > "$1"; exec sleep 600', 'sh', process.argv[2]]);`,
        resolveDir: path.resolve(import.meta.dirname, '../../../..'),
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: program,
    });
    const note = path.join(folder, 'pid');
    execFileSync('mkfifo', [note]);
    const child = spawn(process.execPath, [program, note], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = (await readFile(note, 'utf8')).trim();
    const gone = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await gone;
    await expect.poll(() => isRunning(pid)).toBe(false);
  });
});

describe('ending a boot', () => {
  /** Programs that only write down how they were called; nothing else is on the path, so nothing can really happen. */
  const machine = async (systemctl: number) => {
    const folder = await pathWith('setpriv');
    const log = path.join(folder, 'log');
    for (const [name, code] of Object.entries({ sync: 0, systemctl, reboot: 0, poweroff: 0 })) {
      const file = path.join(folder, name);
      await writeFile(file, `#!/bin/sh\necho "${name} $*" >> "${log}"\nexit ${code}\n`);
      await chmod(file, 0o755);
    }
    const power = createPower(createExec({ environment: { PATH: folder } }));
    return { power, calls: async () => (await readFile(log, 'utf8')).trim().split('\n') };
  };

  it('writes back first and leaves the rest to systemd', async () => {
    const { power, calls } = await machine(0);
    await power.reboot();
    expect((await calls()).map((call) => call.trim())).toEqual(['sync', 'systemctl reboot']);
  });

  it('does it itself where systemd does not run', async () => {
    const { power, calls } = await machine(1);
    await power.poweroff();
    expect((await calls()).at(-1)).toBe('poweroff -f');
  });
});

/** A directory with links to these tools and nothing else. */
const pathWith = async (...tools: readonly string[]): Promise<string> => {
  const folder = path.join(await scratch(), 'bin');
  await mkdir(folder);
  for (const tool of tools) {
    const found = execFileSync('sh', ['-c', 'command -v "$1"', 'sh', tool], { encoding: 'utf8' });
    await symlink(found.trim(), path.join(folder, tool));
  }
  return folder;
};

const isRunning = async (pid: string): Promise<boolean> => {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return status !== undefined && !/\) [ZX] /.test(status);
};
