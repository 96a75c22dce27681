import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Change, Meta, VectorCase } from './case.ts';
import { readJson } from './case.ts';

export interface Layers {
  readonly root: string;
  /** What stood in the root before, as a second view of the same layers. */
  readonly before: string;
  readonly upper: string;
}

/** Mounts the root of a case below a directory of the caller's own mount namespace. */
export function mountLayers(
  found: { readonly vectors: string; readonly base: string; readonly work: string },
  vector: VectorCase,
): Layers {
  execFileSync('mount', ['-t', 'tmpfs', 'slotwright-vectors', found.work]);
  const at = (name: string): string => join(found.work, name);
  const layer = at('layer');
  for (const name of ['layer', 'upper', 'work', 'root', 'before', 'empty']) {
    mkdirSync(at(name), { mode: 0o755 });
  }
  const directory = join(found.vectors, vector.id);
  for (const name of ['proc', 'sys', 'vec/input']) {
    mkdirSync(join(layer, name), { recursive: true });
  }
  lay(join(found.vectors, '_base/root'), layer);
  dress(layer, readJson(join(found.vectors, '_base/root_meta.json')) as Record<string, Meta>);
  lay(join(directory, 'root'), layer);
  dress(layer, vector.root_meta ?? {});
  lay(join(directory, 'input'), join(layer, 'vec/input'));
  for (const [name, target] of Object.entries(vector.input_symlinks ?? {})) {
    symlinkSync(target, join(layer, 'vec/input', name));
  }
  const lower = `${layer}:${found.base}`;
  execFileSync('mount', [
    ...['-t', 'overlay', 'overlay', '-o'],
    `lowerdir=${lower},upperdir=${at('upper')},workdir=${at('work')}`,
    at('root'),
  ]);
  execFileSync('mount', [
    '-t',
    'overlay',
    'overlay',
    '-o',
    `lowerdir=${at('empty')}:${lower}`,
    at('before'),
  ]);
  return { root: at('root'), before: at('before'), upper: at('upper') };
}

function lay(from: string, to: string): void {
  if (existsSync(from)) {
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    plain(from, to);
  }
}

/** The vectors' own files may have any mode: directories and files are laid open, like a fresh checkout's. */
function plain(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const target = join(to, entry.name);
    if (entry.isDirectory()) {
      chmodSync(target, 0o755);
      plain(join(from, entry.name), target);
    } else if (entry.isFile()) {
      chmodSync(target, 0o644);
    }
    lchownSync(target, 0, 0);
  }
}

function dress(layer: string, metas: Readonly<Record<string, Meta>>): void {
  for (const [path, meta] of Object.entries(metas)) {
    const target = join(layer, path);
    mkdirSync(dirname(target), { recursive: true });
    if (meta.type === 'absent') {
      rmSync(target, { recursive: true, force: true });
      execFileSync('mknod', [target, 'c', '0', '0']);
      continue;
    }
    if (meta.type === 'dir') {
      mkdirSync(target, { recursive: true });
    }
    if (meta.type === 'symlink') {
      rmSync(target, { force: true });
      symlinkSync(meta.target ?? '', target);
      continue;
    }
    lchownSync(target, meta.uid ?? 0, meta.gid ?? 0);
    if (meta.mode !== undefined) {
      chmodSync(target, Number.parseInt(meta.mode, 8));
    }
  }
}

/** What differs between the root now and before; the log of the commands is told apart. */
export function changesOf(layers: Layers): Record<string, Change> {
  const changes: Record<string, Change> = {};
  const visit = (path: string): void => {
    for (const name of readdirSync(join(layers.upper, path)).sort()) {
      const inner = `${path}/${name}`;
      const upper = lstatSync(join(layers.upper, inner));
      if (inner === '/vec/log') {
        continue;
      }
      if (upper.isCharacterDevice()) {
        changes[inner] = { change: 'deleted' };
        continue;
      }
      const old = existsOf(join(layers.before, inner));
      const now = describe(join(layers.root, inner));
      if (
        old === undefined ||
        JSON.stringify(describe(join(layers.before, inner))) !== JSON.stringify(now)
      ) {
        changes[inner] = { change: old === undefined ? 'created' : 'modified', ...now };
      }
      if (upper.isDirectory()) {
        visit(inner);
      }
    }
  };
  visit('');
  return changes;
}

function existsOf(path: string): unknown {
  return lstatSync(path, { throwIfNoEntry: false });
}

function describe(path: string): Omit<Change, 'change'> {
  const found = lstatSync(path);
  const common = { uid: found.uid, gid: found.gid };
  if (found.isSymbolicLink()) {
    return { type: 'symlink', target: readlinkSync(path) };
  }
  const mode = (found.mode & 0o7777).toString(8).padStart(4, '0');
  if (found.isDirectory()) {
    return { type: 'dir', mode, ...common };
  }
  const bytes = readFileSync(path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { type: 'file', mode, ...common, sha256, content: bytes.toString('utf8') };
}
