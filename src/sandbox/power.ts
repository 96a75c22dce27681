import { execa } from 'execa';
import { SystemError } from '../errors.ts';
import type { Booted } from './boot.ts';
import { mountedInside } from './file-systems-inside.ts';
import { HOST_PATH } from './host-command.ts';

/** How the power was cut. */
export interface PowerCut {
  /** Devices whose file systems lost what they had not written. */
  readonly devices: readonly string[];
  readonly by: 'perl' | 'xfs_io';
}

/**
 * Cuts the power of a booted sandbox: every process stops where it stands, its ext4 and xfs file systems are shut down
 * without flushing, so that what was not made durable is lost, and all of it ends. The next boot replays the journals, as
 * a machine would.
 */
export async function cutPower(booted: Booted): Promise<PowerCut> {
  // Without this a process would live on for a moment and see its writes fail, as none of a dead machine does.
  await booted.run(['sh', '-c', 'kill -STOP -1']);
  const mounted = (await mountedInside(booted)).filter(({ fs }) => fs === 'ext4' || fs === 'xfs');
  const paths = mounted.map(({ path }) => path);
  const by = await shutDown(paths);
  await booted.shutdown();
  return { devices: mounted.map(({ device }) => device), by };
}

/** What these mounted ext4 and xfs have not written is lost. One process for all, so that no time passes between the first and the last. */
export async function shutDown(paths: readonly string[]): Promise<PowerCut['by']> {
  const perl = await execa('perl', ['-e', SHUT_DOWN, ...paths], {
    env: { PATH: HOST_PATH },
    reject: false,
  });
  if (!perl.failed) return 'perl';
  for (const path of paths) {
    const { failed, stderr, shortMessage } = await execa('xfs_io', ['-x', '-c', 'shutdown', path], {
      env: { PATH: HOST_PATH },
      reject: false,
    });
    if (failed) {
      throw new SystemError({
        code: 'power-cut-failed',
        message: 'the power of the sandbox could not be cut',
        reason: `${perl.stderr || perl.shortMessage}; ${stderr || shortMessage}`,
        hint: 'apt-get install perl-base or xfsprogs',
      });
    }
  }
  return 'xfs_io';
}

/** The shutdown request that ext4 and xfs share (0x8004587d), flag 2: do not flush the log. */
const SHUT_DOWN = `
my $flag = pack('L', 2);
for my $path (@ARGV) {
  open(my $file, '<', $path) or die "$path: $!\\n";
  ioctl($file, 0x8004587d, $flag) or die "$path: $!\\n";
}
`;
