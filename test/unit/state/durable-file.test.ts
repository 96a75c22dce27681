import { lstat, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import {
  makeDirectoryDurably,
  removeLeftovers,
  temporaryName,
  writeDurably,
} from '../../../state/durable-file.ts';
import { scratch } from './sample-log.ts';

it('a durable write replaces a file whole, with the mode asked for, and leaves nothing else', async () => {
  const directory = await scratch();
  const file = path.join(directory, 'state.yaml');
  await writeDurably(file, 'one', 0o644);
  await writeDurably(file, 'two', 0o600);
  expect(await readFile(file, 'utf8')).toBe('two');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(directory)).toEqual(['state.yaml']);
});

it('a link at the name is replaced, and what it points to is left alone', async () => {
  const directory = await scratch();
  const victim = path.join(directory, 'victim');
  const file = path.join(directory, 'file');
  await writeFile(victim, 'untouched');
  await symlink(victim, file);
  await writeDurably(file, 'ours', 0o600);
  expect(await readFile(victim, 'utf8')).toBe('untouched');
  expect((await lstat(file)).isFile()).toBe(true);
});

it('a write that fails leaves the old file and no temporary one', async () => {
  const directory = await scratch();
  await makeDirectoryDurably(path.join(directory, 'taken', 'below'), 0o700);
  await expect(writeDurably(path.join(directory, 'taken'), 'x', 0o600)).rejects.toThrow();
  expect(await readdir(directory)).toEqual(['taken']);
});

it('temporary files of a crash are removed, and only those', async () => {
  const directory = await scratch();
  await writeFile(temporaryName(directory), 'half');
  await writeFile(path.join(directory, '.slotwright-tmp-mine'), 'kept');
  await removeLeftovers(directory);
  expect(await readdir(directory)).toEqual(['.slotwright-tmp-mine']);
});

it('directories are made with their parents, and an existing one keeps its mode', async () => {
  const directory = await scratch();
  const deep = path.join(directory, 'a', 'b', 'c');
  await makeDirectoryDurably(deep, 0o700);
  await makeDirectoryDurably(deep, 0o755);
  expect((await stat(path.join(directory, 'a'))).mode & 0o777).toBe(0o700);
  expect((await stat(deep)).mode & 0o777).toBe(0o700);
});
