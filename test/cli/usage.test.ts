import { describe, expect, it } from 'vitest';
import { runCli } from './run-cli.ts';

describe('a command line that cannot be understood', () => {
  it.each([
    [
      'upgrad',
      'error: there is no command "upgrad"\n  why:  slotwright does not know it\n  next: did you mean upgrade? "slotwright --help" shows all of them\n',
    ],
    [
      'bogus',
      'error: there is no command "bogus"\n  why:  slotwright does not know it\n  next: run "slotwright --help"\n',
    ],
    [
      'upgrade --forc',
      'error: there is no flag --forc\n  why:  "slotwright upgrade" does not know it\n  next: did you mean --force? "slotwright upgrade --help" shows all of them\n',
    ],
    [
      '--logfile status upgrade --stric',
      'error: there is no flag --stric\n  why:  "slotwright upgrade" does not know it\n  next: did you mean --strict? "slotwright upgrade --help" shows all of them\n',
    ],
    [
      'upgrade now',
      'error: too many arguments for "slotwright upgrade"\n  why:  it takes flags only\n  next: run "slotwright upgrade --help"\n',
    ],
    [
      'machines one two',
      'error: too many arguments for "slotwright machines"\n  why:  it takes 1 at most\n  next: run "slotwright machines --help"\n',
    ],
    [
      'run-stage',
      'error: "slotwright run-stage" needs STAGE\n  next: run "slotwright run-stage --help"\n',
    ],
    [
      'upgrade --system.uri',
      'error: --system.uri needs a value\n  next: run "slotwright upgrade --help"\n',
    ],
    [
      'machines upgrade --format png',
      'error: --format cannot be "png"\n  why:  it takes mermaid, dot, svg or json\n  next: run "slotwright machines --help"\n',
    ],
    [
      'completion tcsh',
      'error: "slotwright completion" cannot take "tcsh"\n  why:  it takes bash, zsh or fish\n  next: run "slotwright completion --help"\n',
    ],
    [
      'upgrade --strict=maybe',
      'error: --strict cannot be "maybe"\n  why:  it is a switch: true or false\n  next: write --strict, or --strict=false\n',
    ],
  ])('"%s" is told in three parts, with exit 1', async (line, expected) => {
    const { exit, stdout, stderr } = await runCli(line);
    expect(stderr).toBe(expected);
    expect(stdout).toBe('');
    expect(exit).toBe(1);
  });

  it('is told by the name it was called by', async () => {
    const { stderr } = await runCli('upgrad', { host: { program: 'elemental' } });
    expect(stderr).toContain('"elemental --help"');
  });

  it('is one JSON document with --json', async () => {
    const { exit, stdout, stderr } = await runCli('upgrade --forc --json');
    expect(JSON.parse(stdout)).toEqual({
      ok: false,
      error: {
        code: 'flag-unknown',
        message: 'there is no flag --forc',
        reason: '"slotwright upgrade" does not know it',
        hint: 'did you mean --force? "slotwright upgrade --help" shows all of them',
        exit: 1,
      },
    });
    expect(stderr).toBe('');
    expect(exit).toBe(1);
  });
});

describe('help', () => {
  it.each(['--help', '-h', 'help'])('%s is an answer on stdout', async (line) => {
    const { exit, stdout, stderr } = await runCli(line);
    expect(exit).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/Commands:\n {2}upgrade +upgrade the system to another image\n/);
  });

  it('is a complaint where a command is missing', async () => {
    const { exit, stdout, stderr } = await runCli('');
    expect(exit).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('Usage:\n  slotwright COMMAND [flags]\n');
  });

  it.each(['history --help', 'history -h', 'help history', '--help history', 'history --bogus -h'])(
    '"%s" explains history',
    async (line) => {
      const { exit, stdout } = await runCli(line);
      expect(exit).toBe(0);
      expect(stdout).toMatchInlineSnapshot(`
        "show what was done to this machine, or everything about one operation

        Without anything: every operation, oldest first. With ID: what it did, record by record. With "diff
        A B": two operations side by side. Changes nothing, takes no lock, and may be run while an operation
        runs.

        A bundle (--export) is one file with every record, verifiable and without secrets: what hooks
        printed is left out unless --with-output is given, and what looks like a secret is masked
        everywhere. Read it anywhere with --from.

        Ends with 65 when a hook of the operation failed (of the last one, in the list), also where that
        stopped nothing.

        Usage:
          slotwright history [ID...] [flags]

        Arguments:
          ID  an id, the beginning of one, its number, or "last"; or "diff" and two of them

        Flags:
              --at RECORD        the machine as it was right after this record
              --verify           check every hash and every transition, and say what they come to
          -f, --follow           go on with new records as they come, until Ctrl-C
              --operation NAME   only these operations: upgrade, reset, ...
              --outcome OUTCOME  only those that ended so (completed, rolled-back, unfinished)
              --since TIME       only from then on: 2026-03-01, 2026-03-01T12:00 (UTC)
              --last NUMBER      only the newest so many
              --export FILE      write a bundle of the history
              --with-output      leave what hooks printed in the bundle
              --from PATH        another log than that of this machine: a copied directory, a segment
                                 (.jsonl), a bundle

        Global flags:
              --config-dir DIR  directory of config.yaml and config.d (default /etc/elemental)
              --debug           tell every event, where settings came from, and stack traces
              --logfile FILE    append everything to this file
              --quiet           no progress and no summary; errors are still told
              --json            print one JSON document on standard output

        Examples:
          # every operation
          slotwright history
          # the last one, step by step
          slotwright history last
          # with resources and every record
          slotwright history last --debug
          # what was held and owed at a moment
          slotwright history --at 57
          # why one upgrade went and another did not
          slotwright history diff 4 7
          # what failed this year
          slotwright history --outcome rolled-back --since 2026
          # watch an upgrade from another terminal
          slotwright history --follow
          # send it to whoever can help
          slotwright history --export machine.bundle
          # read it there
          slotwright history last --from machine.bundle

        Exit codes:
          25   the output file is there already; nothing was changed
          28   a file that is needed is not there
          65   a hook failed
          93   the event log is damaged
          97   the event log was written by a version that this one cannot follow
          130  stopped by Ctrl-C; can be continued
        "
      `);
    },
  );

  it('leaves deprecated flags out', async () => {
    const { stdout } = await runCli('upgrade --help');
    expect(stdout).not.toContain('--docker-image');
    expect(stdout).toContain('  -x, --squash-compression OPTIONS');
  });
});

describe('what is not built yet', () => {
  it.each(['convert-disk', 'mount'])(
    '%s is known and refused with exit 98, whatever its flags',
    async (name) => {
      const { exit, stderr } = await runCli(`${name} --some-flag value /dev/sda`);
      expect(exit).toBe(98);
      expect(stderr).toContain(`error: "${name}" is not built yet\n`);
    },
  );
});

describe('version', () => {
  it('is the version of the package', async () => {
    const { default: packageJson } = await import('../../package.json', { with: { type: 'json' } });
    expect((await runCli('version')).stdout).toBe(`${packageJson.version}\n`);
    expect((await runCli('version --long')).stdout).toMatch(
      /^slotwright 0\.1\.0 \(node .* linux\/.*\)\n$/,
    );
  });
});
