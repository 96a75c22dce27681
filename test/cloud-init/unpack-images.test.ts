import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLinuxStages } from '../../src/system/linux/stages.ts';
import { hasPrograms } from '../support/cloud-init/media.ts';
import { oneStep, runHere } from '../support/cloud-init/on-this-machine.ts';

const ready =
  process.getuid?.() === 0 && hasPrograms('unshare', 'find', 'cp', 'mkfs.ext4', 'mksquashfs');

describe.skipIf(!ready)('unpack_images on a real machine (needs root)', () => {
  let folder: string;
  let tree: string;
  const unpack = (...images: Readonly<Record<string, unknown>>[]) =>
    runHere(oneStep({ unpack_images: images }));
  const inFolder = (...names: readonly string[]): string => path.join(folder, ...names);

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'slotwright-unpack-'));
    tree = inFolder('tree');
    mkdirSync(path.join(tree, 'etc', 'deep'), { recursive: true });
    writeFileSync(path.join(tree, 'etc', 'deep', 'file'), 'text');
    chmodSync(path.join(tree, 'etc', 'deep', 'file'), 0o4750);
    symlinkSync('/etc/shadow', path.join(tree, 'link'));
    writeFileSync(path.join(tree, '.hidden'), '');
    execFileSync('chown', ['12:34', path.join(tree, 'etc', 'deep', 'file')]);
    chmodSync(path.join(tree, 'etc', 'deep', 'file'), 0o4750);
    chmodSync(tree, 0o700);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const expectTree = (at: string): void => {
    expect(readFileSync(path.join(at, 'etc/deep/file'), 'utf8')).toBe('text');
    const { mode, uid, gid } = statSync(path.join(at, 'etc/deep/file'));
    expect([mode & 0o7777, uid, gid]).toEqual([0o4750, 12, 34]);
    expect(readlinkSync(path.join(at, 'link'))).toBe('/etc/shadow');
    expect(existsSync(path.join(at, '.hidden'))).toBe(true);
    expect(statSync(at).mode & 0o7777).toBe(0o755);
  };

  it('copies a directory with owners, modes and links into a new one', async () => {
    const told = await unpack({ source: `dir:${tree}`, target: inFolder('new', 'place') });
    expect(told.failures).toEqual([]);
    expectTree(inFolder('new', 'place'));
  });

  it.each([
    ['ext4', (image: string) => execFileSync('mkfs.ext4', ['-q', '-d', tree, image, '8M'])],
    ['squashfs', (image: string) => execFileSync('mksquashfs', [tree, image, '-quiet'])],
  ])('unpacks %s in a file, and leaves no mount and no loop device', async (_, make) => {
    const image = inFolder('image.img');
    make(image);
    const told = await unpack({ source: `file://${image}`, target: inFolder('new') });
    expect(told.failures).toEqual([]);
    expectTree(inFolder('new'));
    expect(existsSync(inFolder('new', 'lost+found'))).toBe(false);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain('hook-mount');
    expect(execFileSync('losetup', ['--list'], { encoding: 'utf8' })).not.toContain(image);
  });

  it('keeps what is there, and writes through no link that stands in its way', async () => {
    const target = inFolder('target');
    mkdirSync(path.join(target, 'etc', 'deep'), { recursive: true });
    writeFileSync(path.join(target, 'kept'), 'kept');
    writeFileSync(inFolder('outside'), 'outside');
    symlinkSync(inFolder('outside'), path.join(target, 'etc', 'deep', 'file'));
    const told = await unpack({ source: `dir:${tree}`, target });
    expect(told.failures).toEqual([]);
    expectTree(target);
    expect(lstatSync(path.join(target, 'etc/deep/file')).isSymbolicLink()).toBe(false);
    expect(readFileSync(path.join(target, 'kept'), 'utf8')).toBe('kept');
    expect(readFileSync(inFolder('outside'), 'utf8')).toBe('outside');
  });

  it('fails, and changes nothing outside, where a link stands for a directory of the image', async () => {
    const target = inFolder('target');
    mkdirSync(target);
    mkdirSync(inFolder('outside'));
    symlinkSync(inFolder('outside'), path.join(target, 'etc'));
    const told = await unpack({ source: `dir:${tree}`, target });
    expect(told.failures).toEqual([expect.stringMatching(/could not be unpacked.*exit code 1/)]);
    expect(existsSync(inFolder('outside', 'deep'))).toBe(false);
  });

  it('goes on with the next image when one cannot be had, and says why and what to write', async () => {
    const told = await unpack(
      { source: 'quay.io/some/image:1', target: inFolder('a') },
      { source: `dir:${inFolder('absent')}`, target: inFolder('b') },
      { source: `file:${tree}`, target: inFolder('c') },
      { source: 'dir:relative', target: inFolder('d') },
      { source: `dir:${tree}`, target: path.join(tree, 'etc') },
      { target: inFolder('e') },
      { source: `dir:${tree}`, target: inFolder('f'), platform: 'linux/arm64' },
    );
    expect(told.failures).toEqual([
      expect.stringContaining(
        'the container image `quay.io/some/image:1` is not unpacked: this version cannot fetch container images; unpack it beforehand and write `dir:/PATH` for its tree',
      ),
      expect.stringContaining(`${inFolder('absent')} is not there`),
      expect.stringContaining(`${tree} is no file`),
      expect.stringContaining('the path `relative` must be absolute'),
      expect.stringContaining(`${tree} cannot be unpacked into itself`),
    ]);
    expect(told.warnings).toEqual([
      'an image without `source` or `target` is left out',
      `\`platform\` has no effect: dir:${tree} is taken as it is`,
    ]);
    expectTree(inFolder('f'));
  });

  it('stays inside the root of a chroot stage', async () => {
    const root = rootWith(inFolder('root'), ['sh', 'find', 'cp', 'unshare', 'mount']);
    execFileSync('cp', ['-a', tree, path.join(root, 'tree')]);
    execFileSync('mkfs.ext4', ['-q', '-d', tree, path.join(root, 'image.img'), '8M']);
    symlinkSync('/', path.join(root, 'up'));
    const images = [
      { source: 'dir:/tree', target: '/up/../up/from-dir' },
      { source: 'file:/image.img', target: '/up/../up/from-file' },
      { source: `dir:${tree}`, target: '/x' },
    ];
    mkdirSync(path.join(root, 'oem'));
    writeFileSync(path.join(root, 'oem', 'a.yaml'), oneStep({ unpack_images: images }));
    writeFileSync(inFolder('cmdline'), 'quiet');
    const result = await createLinuxStages({
      callerEnvironment: {},
      commandLineFile: inFolder('cmdline'),
    }).run({
      stage: 's',
      root,
      extraPaths: [],
      environment: {},
      signal: new AbortController().signal,
      emit: async () => undefined,
    });
    expect(result.failures).toEqual([expect.stringContaining(`${tree} is not there`)]);
    expectTree(path.join(root, 'from-dir'));
    expectTree(path.join(root, 'from-file'));
    expect(existsSync('/from-dir') || existsSync('/from-file')).toBe(false);
    expect(execFileSync('losetup', ['--list'], { encoding: 'utf8' })).not.toContain(root);
  });
});

/** A root with these programs of this machine and the libraries that they need. */
function rootWith(root: string, programs: readonly string[]): string {
  mkdirSync(path.join(root, 'bin'), { recursive: true });
  for (const name of programs) {
    const program = execFileSync('which', [name], { encoding: 'utf8' }).trim();
    copyFileSync(program, path.join(root, 'bin', name));
    const needed = execFileSync('ldd', [program], { encoding: 'utf8' });
    for (const [library] of needed.matchAll(/\/\S+/g)) {
      mkdirSync(path.join(root, path.dirname(library)), { recursive: true });
      copyFileSync(library, path.join(root, library));
    }
  }
  return root;
}
