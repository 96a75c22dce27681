import { createHash } from 'node:crypto';
import { LEFT_OUT } from './manifest.ts';
import type { Command, Exec } from './exec.ts';

/**
 * Copies a root tree into another directory through this process, reading each byte once; returns the digest of the stream.
 *
 * Hard links, holes, extended attributes (capabilities), ACLs, device nodes, pipes, setuid bits, owners as numbers and
 * times to the nanosecond survive. SELinux labels come along like every attribute; relabelling comes later. Not
 * copied: sockets, which mean nothing without their process. Mounts inside the source are followed, as the reference does.
 *
 * Measured on two cores, 717 MB in 16 600 files into ext2 on a loop device: `cp -a` 1.6-1.8 s, `tar | tar` 2.1 s, this with
 * sha256 2.4 s, `tar | tee | sha256sum` 2.9-3.4 s.
 */
export async function copyTree(
  exec: Exec,
  copy: { readonly from: string; readonly to: string },
  effort: { readonly signal: AbortSignal; readonly passed: (bytes: number) => void },
): Promise<string> {
  const digest = createHash('sha256');
  await exec.pipe([pack(copy.from), unpack(copy.to)], {
    signal: effort.signal,
    passing: (chunk) => {
      digest.update(chunk);
      effort.passed(chunk.length);
    },
  });
  return `sha256:${digest.digest('hex')}`;
}

const EVERYTHING = ['--numeric-owner', '--acls', '--xattrs', '--xattrs-include=*'];

/** The same tree gives the same stream: sorted names, no process id in header names, no access times. */
const pack = (from: string): Command => ({
  tool: 'tar',
  args: [
    ...['--create', '--file=-', '--directory', from, '--format=posix', '--sort=name', '--sparse'],
    '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
    ...EVERYTHING,
    ...['--anchored', '--no-wildcards', ...LEFT_OUT.map((name) => `--exclude=./${name}`)],
    '.',
  ],
});

/**
 * `--absolute-names`: the stream is our own, so links that point upwards are made at once instead of by way of a
 * placeholder file each.
 */
const unpack = (to: string): Command => ({
  tool: 'tar',
  args: [
    ...['--extract', '--file=-', '--directory', to, '--absolute-names', '--preserve-permissions'],
    ...['--same-owner', '--warning=no-timestamp', ...EVERYTHING],
  ],
});
