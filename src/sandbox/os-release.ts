import { readFile } from 'node:fs/promises';

/** Variables of an os-release file, without their quotes; none when it is missing. */
export async function parseOsRelease(path: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const lines = [...text.matchAll(/^([A-Z0-9_]+)=(["']?)(.*)\2$/gm)];
  return new Map(lines.map(([, name = '', , value = '']) => [name, value]));
}
