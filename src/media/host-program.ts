import { execa } from 'execa';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { InterruptedError, SystemError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

export interface ProgramOptions {
  readonly signal: AbortSignal;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes that are no failure; default 0 alone. */
  readonly accepts?: readonly number[];
}

/**
 * Runs a program of the machine that builds and returns its standard output. A program that is missing or fails is a
 * `SystemError` with the end of what it said; an aborted signal ends it and is an `InterruptedError`.
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<string> {
  if (options.signal.aborted) throw interrupted(options.signal);
  const result = await execa(file, args, {
    ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
    env: { PATH: programPath(), LC_ALL: 'C', ...options.env },
    cancelSignal: options.signal,
    reject: false,
  });
  if (result.isCanceled) throw interrupted(options.signal);
  if (result.code === 'ENOENT') throw missingPrograms([file]);
  if (result.exitCode !== undefined && (options.accepts ?? [0]).includes(result.exitCode)) {
    return result.stdout;
  }
  throw new SystemError({
    code: 'media-program-failed',
    message: `${file} failed while the disk was built`,
    reason: lastLines(result.stderr) || (result.shortMessage ?? 'it said nothing'),
    hint: `nothing was left behind; see what it says by hand: ${file} ${args.slice(0, 6).join(' ')} ...`,
    exit: EXIT.createImage,
    cause: result,
  });
}

/** Refuses, naming all of them and their packages, when programs are missing. */
export async function requirePrograms(names: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const name of names) if ((await findProgram([name])) === undefined) missing.push(name);
  if (missing.length > 0) throw missingPrograms(missing);
}

/** The first of these names that is a program here: distributions do not agree about `grub-mkimage`. */
export async function findProgram(names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    for (const folder of programPath().split(':')) {
      const found = await access(join(folder, name), constants.X_OK).then(
        () => true,
        () => false,
      );
      if (found) return name;
    }
  }
  return undefined;
}

/** What to install for programs that are missing. */
export function missingPrograms(names: readonly string[]): SystemError {
  const packages = [...new Set(names.map((name) => PACKAGES[name] ?? name))];
  return new SystemError({
    code: 'media-program-missing',
    message: 'a disk cannot be built on this machine',
    reason: `missing: ${names.join(', ')}`,
    hint: `apt-get install ${packages.join(' ')} (Debian names)`,
    exit: EXIT.unsupported,
  });
}

function interrupted({ reason }: AbortSignal): InterruptedError {
  return new InterruptedError({
    code: 'interrupted',
    message: 'the disk was not built',
    reason: 'a signal stopped it; what was begun is removed',
    hint: 'run it again',
    exit: reason instanceof InterruptedError ? reason.exit : EXIT.interrupted,
  });
}

/** Debian packages by program. */
const PACKAGES: Readonly<Record<string, string | undefined>> = {
  sfdisk: 'fdisk',
  mke2fs: 'e2fsprogs',
  tune2fs: 'e2fsprogs',
  'mkfs.vfat': 'dosfstools',
  mcopy: 'mtools',
  mmd: 'mtools',
  mksquashfs: 'squashfs-tools',
  xorriso: 'xorriso',
  cp: 'coreutils',
  tar: 'tar',
  'grub-mkimage': 'grub-common',
};

/** The administrator's programs are not on every user's path. */
const programPath = (): string =>
  `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`;

const lastLines = (text: string): string => text.trim().split('\n').slice(-4).join('; ');
