/** What the commands that install images read from the configuration in the same way. */
import { MOST_TRIES } from '../boot/judgement.ts';
import { EXIT } from '../exit-codes.ts';
import { ConfigError, UsageError } from '../errors.ts';
import type { ImageSource } from '../system/port.ts';
import { parseSource } from './image-source.ts';
import type { Config } from './keys.ts';
import { notBuilt } from './not-built.ts';
import type { ImageFs } from './upgrade-request.ts';

/** Where the source of an image is named. */
export interface SourceNames {
  /** Of what it is the source: "upgrade". */
  readonly what: string;
  readonly flag: string;
  readonly variable: string;
  readonly key: string;
}

export function sourceOf(
  uri: string | undefined,
  { what, flag, variable, key }: SourceNames,
  directory: string,
): ImageSource {
  if (uri === undefined || uri === '') {
    throw new UsageError({
      code: 'source-undefined',
      message: `undefined ${what} source`,
      reason: `neither ${flag}, ${variable} nor ${key} names one`,
      hint: `add ${flag} dir:/PATH or ${flag} file:/PATH`,
      exit: EXIT.readCommandConfig,
    });
  }
  const source = parseSource(uri, directory);
  switch (source.kind) {
    case 'dir':
    case 'file':
      return { kind: source.kind, path: source.path, uri: source.uri };
    case 'container':
      throw notBuilt(
        'container sources are',
        uri.startsWith('/') || uri.startsWith('.')
          ? `a directory is written dir:${uri}, an image file file:${uri}`
          : `unpack "${source.reference}" into a directory and name it with ${flag} dir:/PATH`,
      );
    case 'channel':
      throw notBuilt('channel sources are', `name a directory with ${flag} dir:/PATH`);
  }
}

/** Spec 3.10; "no compression" means none, not the tool's default (W-list of the reference). */
export function squashOptions(config: Config): readonly string[] {
  // One word for all of them is not known to every version.
  if (config['squash-no-compression']) return ['-noI', '-noD', '-noF', '-noX'];
  const given = config['squash-compression'];
  if (given === undefined) return ['-comp', 'xz'];
  return given.flatMap((option) => option.split(/\s+/).filter((word) => word !== ''));
}

/** A recovery image may be packed: nothing writes into it. */
export function recoveryFs(fs: string, key: string): ImageFs {
  return fs === 'squashfs' ? fs : imageFs(fs, key);
}

/** `key` is where it was set. */
export function imageFs(fs: string, key: string): ImageFs {
  if (fs === 'ext2' || fs === 'ext3' || fs === 'ext4') return fs;
  if (fs === 'squashfs') {
    throw notBuilt('squashfs system images are', `set ${key} to ext2, or leave it out`);
  }
  throw new ConfigError({
    code: 'file-system-unknown',
    message: `an image cannot have the file system "${fs}"`,
    reason: `${key} can be ext2, ext3 or ext4`,
    hint: `leave ${key} out for the one that is installed`,
    exit: EXIT.readCommandConfig,
  });
}

export function attemptsOf(attempts: number): number {
  if (attempts >= 1 && attempts <= MOST_TRIES) return attempts;
  throw new ConfigError({
    code: 'attempts-out-of-range',
    message: `boot.attempts is ${attempts}`,
    reason: `the boot loader counts from 1 to ${MOST_TRIES}`,
    hint: 'leave boot.attempts out for three attempts',
    exit: EXIT.readCommandConfig,
  });
}

export function refuseCosign(config: Config): void {
  if (!config.cosign) return;
  throw notBuilt(
    'signature checks with cosign are',
    'check the signature beforehand, and leave --cosign out',
  );
}
