/** Reads the URI of an image source (spec 3.10). Text only: whether the path exists is found out when it is inspected. */
import { EXIT } from '../exit-codes.ts';
import { UsageError } from '../errors.ts';

export type ParsedSource =
  | { readonly kind: 'dir' | 'file'; readonly path: string; readonly uri: string }
  | { readonly kind: 'container' | 'channel'; readonly reference: string; readonly uri: string };

/** `directory` is what relative paths start from. An unknown scheme, or none, is a container image as in the reference. */
export function parseSource(uri: string, directory: string): ParsedSource {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(uri);
  const scheme = match?.[1]?.toLowerCase();
  const rest = match?.[2] ?? '';
  switch (scheme) {
    case 'dir':
    case 'file': {
      const path = absolutePath(pathOf(rest, uri), directory);
      // As the reference writes it into state.yaml, whichever way it was typed.
      return { kind: scheme, path, uri: `${scheme}://${path}` };
    }
    case 'oci':
    case 'docker':
      return { kind: 'container', reference: rest.replace(/^\/\//, ''), uri };
    case 'channel':
      return { kind: 'channel', reference: rest.replace(/^\/\//, ''), uri };
    default:
      return { kind: 'container', reference: uri, uri };
  }
}

/** `dir:x`, `dir:/x`, `dir:///x`; percent escapes count where the path is rooted, as URLs have it. */
function pathOf(rest: string, uri: string): string {
  const path = rest.replace(/^\/\//, '');
  if (path === '') {
    throw new UsageError({
      code: 'source-invalid',
      message: `"${uri}" names no path`,
      hint: 'write dir:/PATH for a directory or file:/PATH for an image file',
      exit: EXIT.readCommandConfig,
    });
  }
  if (!rest.startsWith('/')) return path;
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return path;
  }
}

/** A path as seen from a directory, without `.` and `..`. */
export function absolutePath(path: string, directory: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${directory}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
