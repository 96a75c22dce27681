import { EXIT } from '../../exit-codes.ts';
import { SystemError } from '../../errors.ts';
import type { Command, Output } from './exec.ts';

/** A command ended badly. Carries what a caller needs to decide; `reason` is the end of what it said. */
export class CommandError extends SystemError {
  readonly exitCode: number;
  readonly stderr: string;
  readonly killedBy: string | undefined;

  constructor(
    parts: ConstructorParameters<typeof SystemError>[0],
    ended: { readonly exitCode: number; readonly stderr: string; readonly killedBy?: string },
  ) {
    super(parts);
    this.exitCode = ended.exitCode;
    this.stderr = ended.stderr;
    this.killedBy = ended.killedBy;
  }

  static late(command: Command, timeoutMs: number): CommandError {
    return new CommandError(
      {
        code: 'command-timeout',
        message: `${shown(command)} did not end within ${Math.round(timeoutMs / 1000)} s`,
        hint: 'look for a disk that does not answer: dmesg',
      },
      { exitCode: -1, stderr: '' },
    );
  }
}

/** Says why a tool could not be started. */
export function explainStart(command: Command, error: Error): SystemError {
  const missing = 'code' in error && error.code === 'ENOENT';
  return missing
    ? toolMissing(command.tool, error)
    : new SystemError({
        code: 'command-failed',
        message: `${shown(command)} could not be started`,
        reason: error.message,
        hint: LOOK_AT_THE_KERNEL,
        cause: error,
      });
}

/** Says why a tool that was started has failed. */
export function explainExit(
  command: Command,
  output: Output & { readonly signal: string | null },
): SystemError {
  // setpriv reports a tool that it could not find on behalf of the shell convention.
  if (output.exitCode === 127 && output.stderr.startsWith('setpriv: failed to execute')) {
    return toolMissing(inner(command).tool, undefined);
  }
  const full = NO_SPACE.test(output.stderr);
  const ending =
    output.signal === null ? `exit code ${output.exitCode}` : `killed by ${output.signal}`;
  return new CommandError(
    {
      code: full ? 'no-space' : 'command-failed',
      message: `${shown(command)} failed (${ending})`,
      ...reasonOf(output.stderr),
      ...(full
        ? { hint: 'free some space, or make the image larger', exit: EXIT.noSpace }
        : { hint: LOOK_AT_THE_KERNEL }),
    },
    {
      exitCode: output.exitCode,
      stderr: output.stderr,
      ...(output.signal === null ? {} : { killedBy: output.signal }),
    },
  );
}

/** A tool that fails for no reason of ours most often met a disk that does. */
const LOOK_AT_THE_KERNEL =
  'look for errors of the disk: dmesg; then run the same command again, it goes on from here';

/** tar says the second when the disk fills up in the middle of its write. */
const NO_SPACE = /no space left on device|disk quota exceeded|wrote only \d+ of \d+ bytes/i;

/** Debian's package of each tool that this program starts; the names are alike elsewhere. */
const PACKAGES: Readonly<Record<string, string>> = {
  blkid: 'util-linux',
  cp: 'coreutils',
  e2fsck: 'e2fsprogs',
  efibootmgr: 'efibootmgr',
  find: 'findutils',
  fsfreeze: 'util-linux',
  losetup: 'mount',
  mksquashfs: 'squashfs-tools',
  mke2fs: 'e2fsprogs',
  'mkfs.vfat': 'dosfstools',
  'mkfs.xfs': 'xfsprogs',
  mount: 'mount',
  partx: 'util-linux',
  printf: 'coreutils',
  reboot: 'systemd-sysv',
  poweroff: 'systemd-sysv',
  rm: 'coreutils',
  setpriv: 'util-linux',
  sfdisk: 'fdisk',
  sh: 'dash',
  sort: 'coreutils',
  sync: 'coreutils',
  systemctl: 'systemd',
  tar: 'tar',
  tune2fs: 'e2fsprogs',
  umount: 'mount',
};

/** Name of the package that brings a tool. */
export function packageOf(tool: string): string {
  return PACKAGES[tool] ?? tool;
}

const toolMissing = (tool: string, cause: Error | undefined): SystemError =>
  new SystemError({
    code: 'tool-missing',
    message: `${tool} is not installed`,
    hint: `install the package ${packageOf(tool)}`,
    cause,
  });

const inner = (command: Command): Command => {
  const [flag, , tool, ...args] = command.args;
  return command.tool === 'setpriv' && flag === '--pdeathsig' && tool !== undefined
    ? { tool, args }
    : command;
};

const shown = (command: Command): string => {
  const { tool, args } = inner(command);
  const line = [tool, ...args].join(' ');
  return line.length <= 160 ? line : `${line.slice(0, 157)}...`;
};

const reasonOf = (stderr: string): { readonly reason?: string } => {
  const lines = stderr.trim().split('\n').slice(-5).join('\n').slice(-2000);
  return lines === '' ? {} : { reason: lines };
};
