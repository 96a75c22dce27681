import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { machineTypeOf, resolveInside } from '../../../../src/system/linux/machine-type.ts';
import { scratch } from './scratch.ts';

const treeWith = async (links: Readonly<Record<string, string>>): Promise<string> => {
  const root = path.join(await scratch(), 'root');
  await mkdir(path.join(root, 'usr/bin'), { recursive: true });
  for (const [name, target] of Object.entries(links)) await symlink(target, path.join(root, name));
  return root;
};

describe('a path inside a tree', () => {
  it.each([
    ['an absolute link', { bin: '/usr/bin' }, '/bin', '/usr/bin'],
    ['a relative link', { bin: 'usr/bin' }, '/bin', '/usr/bin'],
    ['a link that climbs above the root', { bin: '../../../usr/bin' }, '/bin', '/usr/bin'],
    ['a link to a link', { bin: '/lib', lib: 'usr' }, '/bin/bin', '/usr/bin'],
    ['no link', {}, '/usr/./bin/../bin', '/usr/bin'],
  ])('is followed through %s and never out of it', async (_what, links, name, expected) => {
    const root = await treeWith(links);
    expect(await resolveInside(root, name)).toBe(path.join(root, expected));
  });

  it('leads nowhere in a circle of links, or past a missing name', async () => {
    const root = await treeWith({ one: 'two', two: 'one' });
    expect(await resolveInside(root, '/one')).toBeUndefined();
    expect(await resolveInside(root, '/usr/no/such')).toBeUndefined();
  });
});

describe('the machine type of a tree', () => {
  it.each([
    ['x86_64', '7f454c4602010100000000000000000003003e00'],
    ['aarch64', '7f454c460201010000000000000000000300b700'],
    ['s390x', '7f454c4602020100000000000000000000030016'],
  ])('is %s by the header of its shell', async (machine, header) => {
    const root = await treeWith({ bin: 'usr/bin' });
    await writeFile(path.join(root, 'usr/bin/sh'), Buffer.from(header, 'hex'));
    expect(await machineTypeOf(root)).toBe(machine);
  });

  it('is unknown without a shell, for a script, and for what is no file', async () => {
    const root = await treeWith({ bin: 'usr/bin' });
    expect(await machineTypeOf(root)).toBeUndefined();
    await writeFile(path.join(root, 'usr/bin/sh'), '#!/bin/interpreter of something\n');
    expect(await machineTypeOf(root)).toBeUndefined();
    const other = await treeWith({ bin: 'usr/bin' });
    execFileSync('mkfifo', [path.join(other, 'usr/bin/sh')]);
    expect(await machineTypeOf(other)).toBeUndefined();
  });
});
