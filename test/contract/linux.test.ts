/** What only a real kernel can show. The promises that the simulated machine shares are in `system.test.ts`. */
import { spawn } from 'node:child_process';
import { open, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createExec } from '../../src/system/linux/exec.ts';
import { imageBehind } from '../../src/system/linux/host.ts';
import type { Effort, ImageSource, MountRequest, System } from '../../src/system/port.ts';
import { containing } from './support/containing.ts';
import { loopMachine, tool } from './support/loop-machine.ts';
import type { LoopMachine } from './support/loop-machine.ts';
import { makeDemandingTree, portraitOf } from './support/demanding-tree.ts';

const isRoot = process.getuid?.() === 0;
const MIB = 2 ** 20;

describe.skipIf(!isRoot)('the Linux machine (needs root)', () => {
  let machine: LoopMachine;
  let system: System;
  let folders = 0;

  beforeAll(async () => {
    machine = await loopMachine();
    system = machine.system;
  });
  afterAll(() => machine.discard());

  const scratch = async (): Promise<string> => {
    const folder = path.join(machine.stateAt, `test-${++folders}`);
    await system.files.makeDirectory(folder, 0o755);
    return folder;
  };
  const mountPoint = (): string => path.join(machine.mountPoints, `at-${++folders}`);
  const effort = (): Effort => ({ signal: new AbortController().signal });
  const image = async (bytes = 16 * MIB, fs = 'ext2'): Promise<string> => {
    const file = path.join(await scratch(), 'image.img');
    await system.images.create(file, { bytes, label: 'COS_ACTIVE', fs });
    return file;
  };
  const whileMounted = async (request: MountRequest, act: () => Promise<void>): Promise<void> => {
    await system.mounts.mount(request);
    try {
      await act();
    } finally {
      await system.mounts.unmount(request.at);
    }
  };
  const ours = async () =>
    (await system.disks.partitions()).filter(({ disk }) => disk === machine.disk);
  /** What a reader of the bare disk finds that replays no journal and does not share the kernel's cache. */
  const onDisk = async (name: string): Promise<string> => {
    const [start] = (
      await tool('partx', '--show', '--noheadings', '--output', 'START', `${machine.disk}p3`)
    )
      .trim()
      .split('\n');
    const disk = path.join(machine.folder, 'disk.img');
    return tool('debugfs', '-n', '-R', `cat ${name}`, `${disk}?offset=${Number(start) * 512}`);
  };

  describe('disks', () => {
    it('knows a partition by its label when its name says nothing, and lists every one of a role', async () => {
      const persistent = (await ours()).filter(({ role }) => role === 'persistent');
      expect(persistent.map(({ device, label }) => [device, label])).toEqual([
        [`${machine.disk}p4`, 'COS_PERSISTENT'],
        [`${machine.disk}p5`, 'NOT_OURS'],
      ]);
    });

    it('leaves out what has no role', async () => {
      const devices = (await ours()).map(({ device }) => device);
      expect(devices).not.toContain(`${machine.disk}p6`);
      expect(devices).not.toContain(machine.disk);
    });

    it('passes over a partition that has no node in /dev', async () => {
      const node = `${machine.disk}p4`;
      await rename(node, `${node}.away`);
      try {
        expect((await ours()).map(({ device }) => device)).not.toContain(node);
      } finally {
        await rename(`${node}.away`, node);
      }
    });

    it('is not put off by a blank disk or one that cannot be read', async () => {
      const folder = await scratch();
      const loops: string[] = [];
      try {
        for (const name of ['blank', 'broken']) {
          const file = path.join(folder, name);
          await writeFile(file, '');
          await truncate(file, MIB);
          loops.push((await tool('losetup', '--find', '--show', file)).trim());
        }
        await truncate(path.join(folder, 'broken'), 0);
        const roles = (await ours()).map(({ role }) => role);
        expect(roles).toEqual(['oem', 'recovery', 'state', 'persistent', 'persistent']);
      } finally {
        for (const loop of loops) await tool('losetup', '--detach', loop);
      }
    });

    it('finds a file system on a disk without partitions', async () => {
      const file = path.join(await scratch(), 'whole.img');
      await system.images.create(file, { bytes: 4 * MIB, label: 'COS_OEM', fs: 'ext4' });
      const loop = (await tool('losetup', '--find', '--show', file)).trim();
      try {
        expect(
          (await system.disks.partitions()).find(({ device }) => device === loop),
        ).toMatchObject({ role: 'oem', disk: loop, fs: 'ext4', bytes: 4 * MIB });
      } finally {
        await tool('losetup', '--detach', loop);
      }
    });
  });

  describe('host', () => {
    it('names the image behind a mount by its identity, whatever became of its path', async () => {
      const file = await image();
      const at = mountPoint();
      const id = (await system.files.stat(file))?.id;
      await whileMounted({ kind: 'image', source: file, at, mode: 'ro' }, async () => {
        await system.files.rename(file, `${file}.old`);
        await system.files.writeText(file, 'another file', 0o600);
        expect(await imageBehind(createExec(), at)).toBe(id);
      });
    });

    it('finds the image below an overlay', async () => {
      const file = await image();
      const [at, over] = [mountPoint(), mountPoint()];
      const room = path.join(machine.folder, 'room');
      await whileMounted({ kind: 'image', source: file, at, mode: 'ro' }, async () => {
        for (const name of ['upper', 'work', over]) {
          await system.files.makeDirectory(path.resolve(room, name), 0o755);
        }
        const layers = `lowerdir=${at},upperdir=${room}/upper,workdir=${room}/work`;
        await tool('mount', '-t', 'overlay', 'overlay', '-o', layers, over);
        try {
          expect(await imageBehind(createExec(), over)).toBe((await system.files.stat(file))?.id);
        } finally {
          await system.mounts.unmount(over);
        }
      });
    });

    it('names no image where a partition is mounted', async () => {
      expect(await imageBehind(createExec(), machine.stateAt)).toBeUndefined();
    });
  });

  describe('mounts', () => {
    it('keeps a read-only bind mount read-only, and its source writable', async () => {
      const source = await scratch();
      const at = mountPoint();
      await whileMounted({ kind: 'bind', source, at, mode: 'ro' }, async () => {
        const note = path.join(at, 'note');
        await expect(system.files.writeText(note, 'x', 0o600)).rejects.toMatchObject({
          code: 'read-only',
        });
      });
      await system.files.writeText(path.join(source, 'note'), 'x', 0o600);
    });

    it('names the process that keeps a mount busy', async () => {
      const at = mountPoint();
      const request = { kind: 'device', source: machine.recoveryDevice, at, mode: 'rw' } as const;
      await whileMounted(request, async () => {
        const sleeper = spawn('sleep', ['600'], { cwd: at, stdio: 'ignore' });
        try {
          await expect(system.mounts.unmount(at)).rejects.toMatchObject({
            code: 'mount-busy',
            reason: containing(`pid ${sleeper.pid} (sleep)`),
          });
        } finally {
          const gone = new Promise((resolve) => sleeper.once('close', resolve));
          sleeper.kill('SIGKILL');
          await gone;
        }
      });
    });

    it('names the loop device that keeps a mount busy', async () => {
      const at = mountPoint();
      const inner = mountPoint();
      const request = { kind: 'device', source: machine.recoveryDevice, at, mode: 'rw' } as const;
      await whileMounted(request, async () => {
        const file = path.join(at, 'inner.img');
        await system.images.create(file, { bytes: 4 * MIB, label: 'X', fs: 'ext2' });
        await whileMounted({ kind: 'image', source: file, at: inner, mode: 'rw' }, () =>
          expect(system.mounts.unmount(at)).rejects.toMatchObject({
            reason: containing('/dev/loop'),
          }),
        );
        await system.files.remove(file);
      });
    });

    it('frees the loop device of an image with its mount', async () => {
      const file = await image();
      const at = mountPoint();
      await whileMounted({ kind: 'image', source: file, at, mode: 'rw' }, async () => {
        expect(await tool('losetup', '--associated', file)).not.toBe('');
      });
      expect(await tool('losetup', '--associated', file)).toBe('');
    });

    it('refuses to mount something that is no image, and says what would be one', async () => {
      const file = path.join(await scratch(), 'image.img');
      await writeFile(file, 'not an image');
      const request = { kind: 'image', source: file, at: mountPoint(), mode: 'ro' } as const;
      await expect(system.mounts.mount(request)).rejects.toMatchObject({ code: 'image-unknown' });
    });
  });

  describe('files', () => {
    it('follows the links of a tree inside it, wherever they point', async () => {
      const tree = await scratch();
      await system.files.makeDirectory(path.join(tree, 'usr/lib'), 0o755);
      await symlink('/usr/lib', path.join(tree, 'lib'));
      await symlink('../../../../../usr', path.join(tree, 'up'));
      await symlink('/nowhere/at/all', path.join(tree, 'dangling'));
      await symlink('circle', path.join(tree, 'circle'));
      const where = async (name: string): Promise<string> =>
        path.relative(tree, await system.files.inside(tree, name));
      expect(await where('lib/os-release')).toBe('usr/lib/os-release');
      expect(await where('up/lib')).toBe('usr/lib');
      expect(await where('dangling/x')).toBe('nowhere/at/all/x');
      expect(await where('../../etc')).toBe('etc');
      await expect(where('circle')).rejects.toMatchObject({ code: 'links-endless' });
    });

    it('removes a link, never what it leads to', async () => {
      const folder = await scratch();
      await system.files.makeDirectory(path.join(folder, 'user'), 0o755);
      await system.files.writeText(path.join(folder, 'user/data'), 'x', 0o600);
      await system.files.makeDirectory(path.join(folder, 'tree'), 0o755);
      await symlink('../user', path.join(folder, 'tree/link'));
      await system.files.removeTree(path.join(folder, 'tree'));
      expect(await system.files.readText(path.join(folder, 'user/data'))).toBe('x');
    });

    it('sees a mount below a tree through links in the way to it', async () => {
      const folder = await scratch();
      const inside = path.join(folder, 'tree/inside');
      await system.files.makeDirectory(inside, 0o755);
      await symlink(folder, path.join(folder, 'detour'));
      const request = { kind: 'bind', source: await scratch(), at: inside, mode: 'rw' } as const;
      await whileMounted(request, () =>
        expect(system.files.removeTree(path.join(folder, 'detour/tree'))).rejects.toMatchObject({
          code: 'mount-busy',
        }),
      );
    });
  });

  describe('filling an image', () => {
    const sources: readonly [string, (tree: string) => Promise<ImageSource>][] = [
      ['a directory', async (tree) => ({ kind: 'dir', path: tree, uri: `dir:${tree}` })],
      [
        'an ext4 image',
        async (tree) => {
          const file = path.join(machine.folder, 'source-ext4.img');
          await tool('mke2fs', '-q', '-t', 'ext4', '-d', tree, file, '16M');
          return { kind: 'file', path: file, uri: `file:${file}` };
        },
      ],
      [
        'a squashfs image',
        async (tree) => {
          const file = path.join(machine.folder, 'source.squashfs');
          await tool('mksquashfs', tree, file, '-noappend', '-quiet', '-no-progress');
          return { kind: 'file', path: file, uri: `file:${file}` };
        },
      ],
    ];

    /** An image is compared with what it holds itself: squashfs knows no ACLs. */
    const seen = async (source: ImageSource): Promise<string> => {
      if (source.kind === 'dir') return portraitOf(source.path);
      const at = mountPoint();
      let portrait = '';
      const request = { kind: 'image', source: source.path, at, mode: 'ro' } as const;
      await whileMounted(request, async () => {
        portrait = await portraitOf(at);
      });
      return portrait;
    };

    it.each(sources)('keeps everything that matters of %s', async (_kind, make) => {
      const tree = path.join(machine.folder, 'demanding');
      await rm(tree, { recursive: true, force: true });
      await makeDemandingTree(tree);
      const source = await make(tree);
      const at = mountPoint();
      const request = { kind: 'image', source: await image(32 * MIB, 'ext4'), at } as const;
      await whileMounted({ ...request, mode: 'rw' }, async () => {
        const { files, bytes } = await system.images.fill(source, at, effort());
        expect([files, bytes]).toEqual([11, 4 * MIB + 12 + 9 * 2]);
        expect(await portraitOf(at)).toEqual(await seen(source));
        expect(await system.files.list(at)).toEqual([
          'empty',
          'etc',
          'lost+found',
          'special',
          'srv',
          'usr',
        ]);
      });
      // Nothing of the source stays: no mount, no loop device.
      const devices = await tool('losetup', '--list', '--noheadings', '--output', 'BACK-FILE');
      expect(devices).not.toContain(path.join(machine.folder, 'source'));
    });

    it('says that the image is full', async () => {
      const tree = path.join(machine.folder, 'large');
      await system.files.makeDirectory(tree, 0o755);
      await writeFile(path.join(tree, 'large'), Buffer.alloc(8 * MIB, 1));
      const source = { kind: 'dir', path: tree, uri: `dir:${tree}` } as const;
      const at = mountPoint();
      const request = { kind: 'image', source: await image(4 * MIB), at, mode: 'rw' } as const;
      await whileMounted(request, () =>
        expect(system.images.fill(source, at, effort())).rejects.toMatchObject({
          code: 'no-space',
          exit: 94,
        }),
      );
    });

    it('refuses a source that is not there, by its own exit code', async () => {
      const source = { kind: 'dir', path: '/no/such/tree', uri: 'dir:/no/such/tree' } as const;
      await expect(system.images.inspect(source, effort())).rejects.toMatchObject({
        code: 'source-unreadable',
        exit: 68,
      });
    });
  });

  describe('inspecting a source', () => {
    const inspectAnew = async (tree: string) => {
      const fresh = (await import('../../src/system/linux/index.ts')).createLinuxSystem({
        stages: system.stages,
      });
      return fresh.images.inspect({ kind: 'dir', path: tree, uri: `dir:${tree}` }, effort());
    };

    it('gives one digest for a tree and for its exact copy', async () => {
      const [tree, copy] = [path.join(machine.folder, 'one'), path.join(machine.folder, 'two')];
      await makeDemandingTree(tree);
      await tool('cp', '--archive', tree, copy);
      expect(await inspectAnew(copy)).toEqual(await inspectAnew(tree));
    });

    it.each([
      ['a file that changed', 'touch', ['etc/os-release']],
      ['another mode', 'chmod', ['0700', 'etc']],
      ['another owner', 'chown', ['12', 'etc/os-release']],
      ['a new name', 'mkdir', ['new']],
    ])('gives another digest for %s', async (_what, change, args) => {
      const tree = path.join(machine.folder, `changed-${change}`);
      await makeDemandingTree(tree);
      const before = await inspectAnew(tree);
      const rest = args.slice(0, -1);
      await tool(change, ...rest, path.join(tree, args.at(-1) ?? ''));
      expect((await inspectAnew(tree)).digest).not.toBe(before.digest);
    });

    it('does not look at what is never copied', async () => {
      const tree = path.join(machine.folder, 'excluded');
      await makeDemandingTree(tree);
      const before = await inspectAnew(tree);
      await writeFile(path.join(tree, 'tmp/more'), 'more');
      expect(await inspectAnew(tree)).toEqual(before);
    });

    it('knows the machine of a tree by its shell, through links that stay inside', async () => {
      const tree = path.join(machine.folder, 'with-shell');
      await system.files.makeDirectory(path.join(tree, 'usr/bin'), 0o755);
      await tool('cp', '/bin/true', path.join(tree, 'usr/bin/busybox'));
      await symlink('/usr/bin', path.join(tree, 'bin'));
      await symlink('../../../../../bin/busybox', path.join(tree, 'usr/bin/sh'));
      const { arch } = await system.host.facts();
      expect(await inspectAnew(tree)).toMatchObject({ arch });
    });
  });

  describe('images', () => {
    it('takes holes and zeroes for one', async () => {
      const file = await image();
      const folder = await scratch();
      const [dense, holes] = [path.join(folder, 'dense'), path.join(folder, 'holes')];
      await tool('cp', '--sparse=never', file, dense);
      await tool('cp', '--sparse=always', file, holes);
      const [first, second] = [
        await system.images.digest(dense, effort()),
        await system.images.digest(holes, effort()),
      ];
      expect(first).toBe(second);
      await truncate(holes, 17 * MIB);
      expect(await system.images.digest(holes, effort())).not.toBe(first);
    });

    it.each(['ext2', 'ext4'])('makes %s as GRUB can read it', async (fs) => {
      const file = await image(16 * MIB, fs);
      expect((await tool('blkid', '-p', '-o', 'value', '-s', 'TYPE', file)).trim()).toBe(fs);
      const features = await tool('dumpe2fs', '-h', file);
      expect(features).not.toMatch(/orphan_file|metadata_csum_seed/);
    });

    it('refuses a file system that it cannot make', async () => {
      const file = path.join(await scratch(), 'image.img');
      await expect(
        system.images.create(file, { bytes: MIB, label: 'X', fs: 'btrfs' }),
      ).rejects.toMatchObject({ code: 'image-unsupported' });
      expect(await system.files.stat(file)).toBeUndefined();
    });

    it('refuses a label that the file system would cut', async () => {
      const file = await image();
      await expect(system.images.relabel(file, 'SEVENTEEN_LETTERS')).rejects.toMatchObject({
        code: 'label-too-long',
      });
      expect(await system.images.label(file)).toBe('COS_ACTIVE');
    });

    it('cannot label squashfs, and says so', async () => {
      const file = path.join(await scratch(), 'image.squashfs');
      await tool('mksquashfs', machine.source.path, file, '-quiet', '-no-progress');
      expect(await system.images.label(file)).toBeUndefined();
      await system.images.check(file, effort());
      await expect(system.images.relabel(file, 'X')).rejects.toMatchObject({
        code: 'label-impossible',
      });
    });

    it.each([
      ['zeroes over its inodes', async (file: string) => wipe(file, 4096, 4 * MIB)],
      ['a cut tail', async (file: string) => truncate(file, 8 * MIB)],
      ['zeroes over its superblock', async (file: string) => wipe(file, 1024, 1024)],
    ])('calls an image with %s damaged', async (_what, damage) => {
      const file = await image();
      await damage(file);
      await expect(system.images.check(file, effort())).rejects.toMatchObject({
        code: 'image-damaged',
      });
    });
  });

  describe('settle', () => {
    it('brings a renamed file to readers that replay no journal', async () => {
      const folder = await scratch();
      const file = path.join(folder, 'note');
      await system.files.writeText(file, 'old', 0o600);
      await system.settle.checkpoint(machine.stateAt);
      await system.files.writeText(file, 'new', 0o600);
      await system.settle.checkpoint(machine.stateAt);
      expect(await onDisk(`/${path.basename(folder)}/note`)).toBe('new');
    });

    it('does so while somebody holds a file open for writing, and leaves nothing frozen', async () => {
      const folder = await scratch();
      const held = await open(path.join(folder, 'held'), 'w');
      try {
        const file = path.join(folder, 'note');
        await system.files.writeText(file, 'old', 0o600);
        await system.settle.checkpoint(machine.stateAt);
        await system.files.writeText(file, 'new', 0o600);
        await system.settle.checkpoint(machine.stateAt);
        expect(await onDisk(`/${path.basename(folder)}/note`)).toBe('new');
        await held.write('still writable');
      } finally {
        await held.close();
      }
    });

    it('keeps a mount read-only whose file system is writable elsewhere', async () => {
      const at = mountPoint();
      const device = `${machine.disk}p3`;
      await whileMounted({ kind: 'device', source: device, at, mode: 'rw' }, async () => {
        await tool('mount', '-o', 'remount,bind,ro', at);
        await system.settle.checkpoint(at);
        const modes = (await system.mounts.list()).filter((mount) => mount.source === device);
        expect(modes.map(({ at: place, mode }) => [place, mode])).toEqual([
          [machine.stateAt, 'rw'],
          [at, 'ro'],
        ]);
      });
    });

    it('thaws what a killed process left frozen', async () => {
      const file = path.join(await scratch(), 'note');
      await tool('fsfreeze', '--freeze', machine.stateAt);
      await system.settle.thaw(machine.stateAt);
      await system.files.writeText(file, 'text', 0o600);
      expect(await system.files.readText(file)).toBe('text');
    });
  });

  describe('boot environment', () => {
    it('is there for a reader that replays no journal as soon as it is created, and after each change', async () => {
      const folder = await scratch();
      const name = `/${path.basename(folder)}/grubenv`;
      const file = path.join(folder, 'grubenv');
      await system.boot.writeEnvironment(file, { tries: '3' });
      expect(await onDisk(name)).toBe(await readFile(file, 'utf8'));
      await system.boot.writeEnvironment(file, { tries: '2' });
      expect(await onDisk(name)).toContain('tries=2\n');
    });

    it('refuses to guess at a damaged block', async () => {
      const file = path.join(await scratch(), 'grubenv');
      await writeFile(file, 'tries=3\n');
      await expect(system.boot.writeEnvironment(file, { tries: '2' })).rejects.toMatchObject({
        code: 'environment-damaged',
        message: containing(file),
      });
      expect(await readFile(file, 'utf8')).toBe('tries=3\n');
    });
  });
});

const wipe = async (file: string, from: number, bytes: number): Promise<void> => {
  const handle = await open(file, 'r+');
  try {
    await handle.write(Buffer.alloc(bytes), 0, bytes, from);
  } finally {
    await handle.close();
  }
};
