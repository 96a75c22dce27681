/** A file system of texts by path, as the configuration reads it. */
import type { ConfigReader } from '../../../src/config/reader.ts';

export function memoryReader(files: Readonly<Record<string, string>>): ConfigReader {
  const below = (path: string) =>
    Object.keys(files)
      .filter((name) => name.startsWith(`${path}/`))
      .map((name) => name.slice(path.length + 1).split('/')[0] ?? '');
  return {
    readText: async (path) => files[path],
    list: async (path) => [...new Set(below(path))].sort(),
    stat: async (path) => {
      const text = files[path];
      if (text === undefined && below(path).length === 0) return undefined;
      return {
        id: path,
        kind: text === undefined ? 'directory' : 'file',
        bytes: text?.length ?? 0,
        allocatedBytes: text?.length ?? 0,
        links: 1,
      };
    },
  };
}
