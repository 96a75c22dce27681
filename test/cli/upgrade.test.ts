import { describe, expect, it } from 'vitest';
import type { UpgradeRequest } from '../../src/config/upgrade-request.ts';
import type { OperationOutcome } from '../../src/cli/outcome.ts';
import type { OperationHooks } from '../../src/cli/services.ts';
import { memoryReader } from '../unit/config/memory-reader.ts';
import { completed, visibleUpgrade } from './fake-services.ts';
import { runCli } from './run-cli.ts';

const LINE = 'upgrade --system.uri dir:/new';

describe('upgrade', () => {
  it('shows plain lines where nobody watches', async () => {
    const { exit, stdout, stderr } = await runCli(LINE, { services: { upgrade: visibleUpgrade } });
    expect(exit).toBe(0);
    expect(stderr).toMatchInlineSnapshot(`
      "upgrade V1StGXR8
      step 6/17 deploy-image: write the new system
      step 6/17 deploy-image: 10%  10 B/s
      step 6/17 deploy-image: 42%  14 B/s
      step 8/17 run-chroot-stage: run the hooks in it
          installing vim
          warning: red
          no newline
      "
    `);
    expect(stdout).toMatchInlineSnapshot(`
      "upgrade V1StGXR8 completed in 1 min 21 s

        active    on-trial   boots next  3.0 GiB  a1b2c3d4e5f6  dir:/new
        passive   confirmed  fallback    2.9 GiB  -             (running)
        recovery  missing

      next: reboot to start it
      "
    `);
  });

  it('rewrites one status line on a terminal, never wider than it', async () => {
    const { stderr } = await runCli(LINE, { services: { upgrade: visibleUpgrade }, terminal: 40 });
    expect(stderr).toMatchInlineSnapshot(`
      "upgrade V1StGXR8

      [Kstep 6/17 deploy-image: write the new …
      [Kstep 6/17 deploy-image  10%  10 B/s  w…
      [Kstep 6/17 deploy-image  15%  8 B/s  wr…
      [Kstep 6/17 deploy-image  42%  14 B/s  w…
      [Kstep 6/17 deploy-image  100%  25 B/s  …
      [Kstep 8/17 run-chroot-stage: run the ho…
      [K    installing vim

      [Kstep 8/17 run-chroot-stage: run the ho…
      [K    warning: red

      [Kstep 8/17 run-chroot-stage: run the ho…
      [K    no newline

      [Kstep 8/17 run-chroot-stage: run the ho…
      [K"
    `);
  });

  it('keeps percent and rate in view where the title does not fit', async () => {
    const { stderr } = await runCli(LINE, {
      services: {
        upgrade: async (_, hooks) => {
          hooks.step({ step: 'deploy-image', phase: 'run' }, 'write the new system', 5, 17);
          hooks.progress({ doneBytes: 42 * 2 ** 20, totalBytes: 100 * 2 ** 20 });
          return completed;
        },
      },
      terminal: 46,
    });
    expect(stderr).toContain('step 6/17 deploy-image  42%  42.0 MiB/s  wri…');
  });

  it('shows what hooks print in whole lines, and a progress bar as it ends', async () => {
    const { stderr } = await runCli(LINE, {
      services: {
        upgrade: async (_, hooks) => {
          for (const chunk of ['one', ' line\ntwo\r\n', '10%\r50%\r', '100%\n', '\n', 'last']) {
            hooks.output(chunk);
          }
          return completed;
        },
      },
    });
    expect(stderr).toBe('    one line\n    two\n    100%\n\n    last\n');
  });

  it('says nothing with --quiet', async () => {
    const { exit, stdout, stderr } = await runCli(`${LINE} --quiet`, {
      services: { upgrade: visibleUpgrade },
    });
    expect({ exit, stdout, stderr }).toEqual({ exit: 0, stdout: '', stderr: '' });
  });

  it('shows every record and where settings came from with --debug', async () => {
    const { stderr } = await runCli(`${LINE} --debug`, { services: { upgrade: visibleUpgrade } });
    expect(stderr).toContain('config upgrade.system.uri from flag --system.uri\n');
    expect(stderr).toContain('  step.started {"step":"deploy-image","phase":"run","attempt":1');
  });

  it('appends everything to the log file, whatever is shown', async () => {
    const { log } = await runCli(`${LINE} --quiet --logfile /var/log/x`, {
      services: { upgrade: visibleUpgrade },
    });
    expect(log).toContain(
      '2026-03-01T12:00:00.000Z step 6/17 deploy-image: write the new system\n',
    );
    expect(log).toContain('2026-03-01T12:00:00.000Z   step.started {');
    expect(log).toContain('2026-03-01T12:00:00.000Z     installing vim\n');
  });

  it('prints one JSON document with --json', async () => {
    const { stdout } = await runCli(`${LINE} --json`, { services: { upgrade: visibleUpgrade } });
    expect(JSON.parse(stdout)).toEqual({ ok: true, ...completed });
  });

  it('needs root, and says how to get it', async () => {
    const { exit, stderr } = await runCli([...LINE.split(' '), '--cosign-key', "it's"], {
      host: { root: false },
    });
    expect(exit).toBe(58);
    expect(stderr).toBe(
      "error: this command needs root\n  why:  it mounts file systems and writes boot images\n  next: run \"sudo slotwright upgrade --system.uri dir:/new --cosign-key 'it'\\''s'\"\n",
    );
  });

  it('hands over what configuration, environment and flags say', async () => {
    const seen: UpgradeRequest[] = [];
    const { exit } = await runCli('upgrade --strict=false --force', {
      host: { environment: { ELEMENTAL_UPGRADE_SYSTEM: 'file:os.img' } },
      services: {
        configFiles: memoryReader({
          '/etc/elemental/config.yaml': 'strict: true\ncloud-init-paths: [/x]\n',
        }),
        imageDefaults: async () => ({ passiveLabel: 'OLD' }),
        upgrade: async (request) => {
          seen.push(request);
          return completed;
        },
      },
    });
    expect(exit).toBe(0);
    expect(seen).toEqual([
      {
        slot: 'active',
        squashOptions: ['-comp', 'xz'],
        source: { kind: 'file', path: '/work/os.img', uri: 'file:///work/os.img' },
        strict: false,
        force: true,
        extraPaths: ['/x'],
        systemLabel: 'COS_ACTIVE',
        systemFs: 'ext2',
        systemSizeMiB: 0,
        passiveLabel: 'OLD',
        attempts: 3,
      },
    ]);
  });

  it.each([
    ['upgrade', 33, 'undefined upgrade source'],
    ['upgrade --system.uri oci:repo/os', 98, 'container sources are not built yet'],
    ['upgrade --docker-image repo/os', 98, 'container sources are not built yet'],
    ['upgrade -d repo/os', 98, 'container sources are not built yet'],
    [`${LINE} --recovery`, 33, 'neither --recovery-system.uri'],
    [`${LINE} --cosign`, 98, 'cosign are not built yet'],
    [`${LINE} --cosign-key k.pub`, 32, '--cosign-key was given without --cosign'],
    [`${LINE} --reboot --poweroff`, 32, '--reboot and --poweroff cannot be given together'],
    [`${LINE} --directory /x`, 32, '--system.uri and --directory cannot be given together'],
  ])('refuses "%s" with exit %i before the engine is asked', async (line, expected, message) => {
    const { exit, stderr } = await runCli(line);
    expect(stderr).toContain(message);
    expect(exit).toBe(expected);
  });

  it('tells of a broken configuration file with exit 31', async () => {
    const { exit, stderr } = await runCli('upgrade --config-dir /c', {
      services: { configFiles: memoryReader({ '/c/config.yaml': 'a: [' }) },
    });
    expect(exit).toBe(31);
    expect(stderr).toContain('error: /c/config.yaml does not parse\n');
  });

  it('warns of deprecated flags and of values that do not fit', async () => {
    const { exit, stderr } = await runCli('upgrade --directory /new --tty ttyS0', {
      services: {
        configFiles: memoryReader({ '/etc/elemental/config.yaml': 'strict: maybe' }),
        upgrade: async () => completed,
      },
    });
    expect(exit).toBe(0);
    expect(stderr).toBe(
      [
        'warning: --directory is deprecated: use --system.uri dir:DIR',
        'warning: --tty is deprecated: it has no effect',
        'warning: /etc/elemental/config.yaml: strict: expected boolean, received string; ignored',
        '',
      ].join('\n'),
    );
  });

  it('collects a repeated flag', async () => {
    const { exit } = await runCli(`${LINE} -x one --squash-compression two`, {
      services: { upgrade: async () => completed },
    });
    expect(exit).toBe(0);
  });
});

describe('the end of an operation', () => {
  const ending = (outcome: Partial<OperationOutcome>) =>
    runCli(LINE, {
      services: { upgrade: async () => ({ ...completed, slots: [], ...outcome }) },
    });
  const error = {
    code: 'hook-failed',
    message: 'a hook of after-upgrade-chroot failed',
    reason: 'zypper: exit code 104\n/oem/90.yaml:3',
    hint: 'correct /oem/90.yaml and run the upgrade again',
  };

  it('names an installed image as such', async () => {
    const { exit, stdout } = await ending({ outcome: 'already-installed', rebootPending: false });
    expect(stdout).toBe('already installed by upgrade V1StGXR8; nothing was changed\n');
    expect(exit).toBe(0);
  });

  it('says why an operation was undone, on stderr', async () => {
    const { exit, stdout, stderr } = await ending({
      outcome: 'rolled-back',
      rebootPending: false,
      exit: 39,
      error,
    });
    expect(exit).toBe(39);
    expect(stdout).toBe('');
    expect(stderr).toMatchInlineSnapshot(`
      "upgrade V1StGXR8 failed and was undone; the machine is as before: a hook of after-upgrade-chroot failed
        why:  zypper: exit code 104
              /oem/90.yaml:3
        next: correct /oem/90.yaml and run the upgrade again
      "
    `);
  });

  it('tells what was passed over', async () => {
    const { exit, stdout } = await ending({ reported: [{ step: 'run-post-stage', error }] });
    expect(exit).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "upgrade V1StGXR8 completed in 1 min 21 s
        run-post-stage failed, and was passed over: a hook of after-upgrade-chroot failed
          why:  zypper: exit code 104
              /oem/90.yaml:3
          next: correct /oem/90.yaml and run the upgrade again

      next: reboot to start it
      "
    `);
  });

  it('tells every hook that failed without stopping anything, with its place', async () => {
    const { exit, stdout } = await ending({
      reported: [{ step: 'run-post-stage', error }],
      failedHooks: [
        { stages: ['before-upgrade', 'post-upgrade'], source: '/oem/1.yaml', error: 'no YAML' },
        {
          stages: ['after-upgrade-chroot'],
          source: '/oem/2.yaml',
          line: 4,
          column: 18,
          step: 'get k3s',
          part: 'commands',
          error: 'command 1 (`x`) ended with exit code 3',
        },
      ],
    });
    expect(exit).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "upgrade V1StGXR8 completed in 1 min 21 s
      2 failures of hooks, which stopped nothing (not strict):
        /oem/1.yaml: before-upgrade, post-upgrade: no YAML
        /oem/2.yaml:4:18: after-upgrade-chroot, step "get k3s": command 1 (\`x\`) ended with exit code 3
        next: correct the files; "slotwright history V1StGXR8" shows what every hook did

      next: reboot to start it
      "
    `);
  });

  it('says how to go on after an interruption', async () => {
    const { stderr } = await ending({ outcome: 'interrupted', exit: 130, owes: 'deploy-image' });
    expect(stderr).toMatchInlineSnapshot(`
      "upgrade V1StGXR8 interrupted at deploy-image; it can be continued

      next: "slotwright resume" continues it, "slotwright abort" undoes it
      "
    `);
  });

  it('asks for attention with the state it stands in', async () => {
    const { exit, stderr } = await ending({
      outcome: 'attention',
      exit: 92,
      owes: 'set-passive',
      error: { code: 'attempts-exhausted', message: 'started 3 times' },
    });
    expect(exit).toBe(92);
    expect(stderr).toMatchInlineSnapshot(`
      "upgrade V1StGXR8 needs attention at set-passive: started 3 times

      next: see "slotwright status"
      "
    `);
  });
});

describe('rebooting afterwards', () => {
  const rebooting = async (line: string, outcome: Partial<OperationOutcome>) => {
    const asked: string[] = [];
    await runCli(line, {
      services: {
        upgrade: async () => ({ ...completed, ...outcome }),
        power: async (action) => void asked.push(action),
      },
    });
    return asked;
  };

  it.each<[string, string, Partial<OperationOutcome>, string[]]>([
    ['an upgrade', `${LINE} --reboot`, {}, ['reboot']],
    ['an upgrade', `${LINE} --poweroff`, {}, ['poweroff']],
    ['no flag', LINE, {}, []],
    ['a failure', `${LINE} --reboot`, { outcome: 'rolled-back', exit: 39 }, []],
    [
      'a repeat before the reboot',
      `${LINE} --reboot`,
      { outcome: 'already-installed' },
      ['reboot'],
    ],
    [
      'a repeat after the reboot',
      `${LINE} --reboot`,
      { outcome: 'already-installed', rebootPending: false },
      [],
    ],
  ])('after %s: "%s"', async (_, line, outcome, expected) => {
    expect(await rebooting(line, outcome)).toEqual(expected);
  });
});

describe('a signal', () => {
  /** Runs until it is asked to stop. */
  async function untilStopped(_: unknown, { signal }: OperationHooks): Promise<OperationOutcome> {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    return { ...completed, outcome: 'interrupted', exit: 130, owes: 'deploy-image', slots: [] };
  }
  const started = () => {
    let begun = () => {};
    const ready = new Promise<void>((resolve) => (begun = resolve));
    const running = runCli(LINE, {
      services: {
        upgrade: async (request, hooks) => {
          begun();
          return untilStopped(request, hooks);
        },
      },
    });
    return { ready, running };
  };

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 143],
  ] as const)('%s interrupts and ends with exit %i', async (signal, expected) => {
    const { ready, running } = started();
    await ready;
    running.stop(signal);
    const { exit, stderr } = await running;
    expect(exit).toBe(expected);
    expect(stderr).toContain(`stopping after ${signal}; what was begun will be recorded\n`);
  });

  it('that comes twice says that the work is being recorded, and how to force', async () => {
    const { ready, running } = started();
    await ready;
    running.stop('SIGINT');
    running.stop('SIGINT');
    const { stderr } = await running;
    expect(stderr).toContain('still recording where it stopped');
    expect(stderr).toContain('kill -KILL 4711');
  });
});

describe('a fault of the program', () => {
  const services = { upgrade: async () => Promise.reject(new Error('boom')) };

  it('is exit 255 without a stack trace', async () => {
    const { exit, stderr } = await runCli(LINE, { services });
    expect(exit).toBe(255);
    expect(stderr).toBe(
      'error: boom\n  why:  this is a fault of the program, not of what you asked\n  next: run it again with --debug and report what it says\n',
    );
  });

  it('has a stack trace with --debug', async () => {
    expect((await runCli(`${LINE} --debug`, { services })).stderr).toContain('    at ');
  });
});
