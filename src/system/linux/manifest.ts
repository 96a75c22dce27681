import { createHash } from 'node:crypto';
import type { Command, Exec } from './exec.ts';

/** Names at the top of a source that are never copied, as the reference leaves them out; deployment makes them anew, empty. */
export const LEFT_OUT = ['mnt', 'proc', 'sys', 'dev', 'tmp', 'host', 'run'] as const;

export interface Manifest {
  readonly digest: string;
  readonly contentBytes: number;
  readonly files: number;
  readonly blockBytes: number;
}

/**
 * Digest and size of a root tree, from names and attributes alone; contents are not read.
 *
 * The digest covers, in byte order of the paths: path, kind, mode, owner and group of everything, size and modification
 * time of files, target of links. Not the times of directories and links, link counts, inode numbers and extended
 * attributes: they change without a change of what would be installed, or (attributes) cannot change without a trace
 * elsewhere in practice. Other file systems mounted inside belong to it, as they do for the reference.
 */
export async function readManifest(
  exec: Exec,
  tree: string,
  signal: AbortSignal,
): Promise<Manifest> {
  const digest = createHash('sha256');
  const seenTwice = new Set<string>();
  let contentBytes = 0;
  let files = 0;
  let blockBytes = 0;
  const take = (line: string) => {
    const entry = parseEntry(line);
    digest.update(`${entry.identity}\0`);
    if (entry.kind !== 'd' && entry.links > 1) {
      if (seenTwice.has(entry.inode)) return;
      seenTwice.add(entry.inode);
    }
    blockBytes += INODE + blocksOf(entry.kind, entry.bytes) * BLOCK;
    if (entry.kind !== 'f') return;
    files += 1;
    contentBytes += entry.bytes;
  };
  await exec.pipe([listing(tree), { tool: 'sort', args: ['--zero-terminated'] }], {
    signal,
    sink: splitAtZero(take),
  });
  return { digest: `sha256:${digest.digest('hex')}`, contentBytes, files, blockBytes };
}

const BLOCK = 4096;
const INODE = 256;
/** Block numbers that an inode of ext2 holds itself, and that one block of them holds. */
const DIRECT = 12;
const INDIRECT = 1024;

/** Of a file without holes in an ext2 of ours. */
const blocksOf = (kind: string, bytes: number): number => {
  const blocks = Math.ceil(bytes / BLOCK);
  if (kind === 'd') return Math.max(1, blocks);
  // A short link is in its inode.
  if (kind === 'l') return bytes < 60 ? 0 : 1;
  if (kind !== 'f') return 0;
  const numbers = Math.ceil(Math.max(0, blocks - DIRECT) / INDIRECT);
  return blocks + numbers + (numbers > 1 ? Math.ceil(numbers / INDIRECT) : 0);
};

/** A path never holds two slashes in a row, so they end it; the rest has a fixed number of fields before the link target. */
const FORMAT = '%P//%y %m %U %G %s %T@ %n %D:%i//%l\\0';

const listing = (tree: string): Command => ({
  tool: 'find',
  cwd: tree,
  args: [
    ...['.', '-ignore_readdir_race', '('],
    ...LEFT_OUT.flatMap((name, index) => [...(index === 0 ? [] : ['-o']), '-path', `./${name}`]),
    ...[')', '-prune', '-o', '-printf', FORMAT],
  ],
});

const parseEntry = (line: string) => {
  const path = line.slice(0, line.indexOf('//'));
  const rest = line.slice(path.length + 2);
  const fields = rest.slice(0, rest.indexOf('//'));
  const target = rest.slice(fields.length + 2);
  const [
    kind = '',
    mode = '',
    user = '',
    group = '',
    size = '',
    time = '',
    links = '',
    inode = '',
  ] = fields.split(' ');
  const common = [path, kind, mode, user, group];
  const special = kind === 'f' ? [size, time] : kind === 'l' ? [target] : [];
  return {
    kind,
    inode,
    bytes: Number(size),
    links: Number(links),
    identity: [...common, ...special].join('\0'),
  };
};

/** Cuts a stream at zero bytes; bytes that are not UTF-8 stay distinct. */
const splitAtZero = (take: (line: string) => void): ((chunk: Buffer) => void) => {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk.toString('latin1')).split('\0');
    rest = lines.pop() ?? '';
    lines.forEach(take);
  };
};
