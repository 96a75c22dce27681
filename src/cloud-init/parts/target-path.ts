import { EntryError } from './entry-error.ts';

/** An absolute path without `.`, `..` and double slashes. A relative one hangs on the caller's directory: refused. */
export function targetPath(path: string | undefined): string {
  if (path === undefined || path === '') {
    throw new EntryError('`path` is missing');
  }
  if (!path.startsWith('/')) {
    throw new EntryError(`the path \`${path}\` must be absolute`);
  }
  if (path.includes('\0')) {
    throw new EntryError('a path cannot hold a NUL character');
  }
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') {
      parts.pop();
    } else if (part !== '' && part !== '.') {
      parts.push(part);
    }
  }
  return `/${parts.join('/')}`;
}

/** The path of a file: one that ends with a slash is that of a directory, and refused. */
export function filePath(path: string | undefined): string {
  if (path !== undefined && /\/\.{0,2}$/.test(path)) {
    throw new EntryError(`the path \`${path}\` is that of a directory, not of a file`);
  }
  return targetPath(path);
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
