import { describe, expect, it } from 'vitest';
import { configSchema, type Config } from '../../../src/config/keys.ts';
import { parseSource } from '../../../src/config/image-source.ts';
import { upgradeRequest } from '../../../src/config/upgrade.ts';
import { SlotwrightError } from '../../../src/errors.ts';
import type { ImageDefaults } from '../../../src/config/upgrade-request.ts';

describe('the URI of a source', () => {
  it.each([
    ['dir:/a/b', 'dir', '/a/b'],
    ['dir:///a/b/', 'dir', '/a/b'],
    ['dir:a', 'dir', '/work/a'],
    ['dir:../a/./b', 'dir', '/a/b'],
    ['dir://a/b', 'dir', '/work/a/b'],
    ['DIR:/a', 'dir', '/a'],
    ['file:/os.img', 'file', '/os.img'],
    ['file:///a%20b.img', 'file', '/a b.img'],
    ['file:/100%.img', 'file', '/100%.img'],
  ])('%s is a %s at %s', (uri, kind, path) => {
    expect(parseSource(uri, '/work')).toEqual({ kind, path, uri: `${kind}://${path}` });
  });

  it.each([
    ['oci:repo/os:1', 'container', 'repo/os:1'],
    ['docker://repo/os', 'container', 'repo/os'],
    ['repo/os:1', 'container', 'repo/os:1'],
    ['opensuse', 'container', 'opensuse'],
    ['ftp://host/x', 'container', 'ftp://host/x'],
    ['channel:system/cos', 'channel', 'system/cos'],
  ])('%s is a %s image %s', (uri, kind, reference) => {
    expect(parseSource(uri, '/work')).toEqual({ kind, reference, uri });
  });

  it.each(['dir:', 'file://'])('refuses "%s", which names nothing', (uri) => {
    expect(() => parseSource(uri, '/work')).toThrow('names no path');
  });
});

describe('the request of an upgrade', () => {
  const config = (input: unknown): Config => configSchema.parse(input);
  const request = (input: unknown, installed: ImageDefaults = {}) =>
    upgradeRequest({ config: config(input), installed, directory: '/work', force: false });
  const system = { uri: 'dir:/tree' };
  const refusal = (input: unknown): SlotwrightError => {
    try {
      request(input);
    } catch (error) {
      if (error instanceof SlotwrightError) return error;
      throw error;
    }
    throw new Error('it was not refused');
  };

  it('takes its defaults from the reference', () => {
    expect(request({ upgrade: { system } })).toEqual({
      slot: 'active',
      squashOptions: ['-comp', 'xz'],
      attempts: 3,
      source: { kind: 'dir', path: '/tree', uri: 'dir:///tree' },
      strict: false,
      force: false,
      extraPaths: [],
      systemLabel: 'COS_ACTIVE',
      systemFs: 'ext2',
      systemSizeMiB: 0,
      passiveLabel: 'COS_PASSIVE',
    });
  });

  it('takes labels from the installed images, and the configuration over them', () => {
    const installed = { systemLabel: 'SYS', systemFs: 'ext4', passiveLabel: 'OLD' };
    expect(request({ upgrade: { system } }, installed)).toMatchObject({
      systemLabel: 'SYS',
      systemFs: 'ext4',
      passiveLabel: 'OLD',
    });
    expect(
      request({ upgrade: { system: { ...system, label: 'MINE', fs: 'ext3' } } }, installed),
    ).toMatchObject({ systemLabel: 'MINE', systemFs: 'ext3' });
  });

  it('carries strictness, hook paths, size, menu title and what comes after', () => {
    expect(
      request({
        strict: true,
        reboot: true,
        poweroff: true,
        'cloud-init-paths': ['/x'],
        upgrade: { system: { ...system, size: 4000 }, 'grub-entry-name': 'OS' },
      }),
    ).toMatchObject({
      strict: true,
      power: 'reboot',
      extraPaths: ['/x'],
      systemSizeMiB: 4000,
      grubEntryName: 'OS',
    });
  });

  it.each([
    ['no source', {}, 33, 'undefined upgrade source'],
    ['a source without a path', { upgrade: { system: { uri: 'dir:' } } }, 33, 'names no path'],
    [
      'an unknown file system',
      { upgrade: { system: { ...system, fs: 'btrfs' } } },
      33,
      'cannot have the file system',
    ],
    [
      'a container image',
      { upgrade: { system: { uri: 'oci:repo/os' } } },
      98,
      'container sources are not built yet',
    ],
    [
      'a channel',
      { upgrade: { system: { uri: 'channel:system/cos' } } },
      98,
      'channel sources are not built yet',
    ],
    ['--recovery', { upgrade: { system, recovery: true } }, 33, 'undefined upgrade source'],
    ['--cosign', { upgrade: { system }, cosign: true }, 98, 'cosign'],
    [
      'a squashfs system image',
      { upgrade: { system: { ...system, fs: 'squashfs' } } },
      98,
      'squashfs',
    ],
  ])('refuses %s before anything is touched', (_, input, exit, message) => {
    const error = refusal(input);
    expect(error.exit).toBe(exit);
    expect(error.message).toContain(message);
  });

  it('tells how to write a path that lacks its scheme', () => {
    expect(refusal({ upgrade: { system: { uri: '/tree' } } }).hint).toBe(
      'a directory is written dir:/tree, an image file file:/tree',
    );
  });
});
