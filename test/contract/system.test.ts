import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../src/errors.ts';
import type { Effort, MountRequest, System } from '../../src/system/port.ts';
import { containing } from './support/containing.ts';
import { loopMachine } from './support/loop-machine.ts';
import { simulatedSubject } from './support/simulated-subject.ts';
import type { Subject } from './support/subject.ts';

const isRoot = process.getuid?.() === 0;
const MIB = 2 ** 20;

const subjects: readonly [string, boolean, () => Promise<Subject>][] = [
  ['the simulated machine', true, simulatedSubject],
  [isRoot ? 'the Linux machine' : 'the Linux machine (skipped: needs root)', isRoot, loopMachine],
];

describe.each(subjects)('%s', (_name, possible, make) => {
  if (!possible) {
    it.skip('needs root for loop devices and mounts');
    return;
  }
  let subject: Subject;
  let system: System;
  let folders = 0;

  beforeAll(async () => {
    subject = await make();
    system = subject.system;
  });
  afterAll(() => subject.discard());

  /** A new directory on COS_STATE. */
  const scratch = async (): Promise<string> => {
    folders += 1;
    const folder = path.join(subject.stateAt, `test-${folders}`);
    await system.files.makeDirectory(folder, 0o700);
    return folder;
  };
  const mountPoint = (): string => path.join(subject.mountPoints, `at-${++folders}`);
  const effort = (): Effort => ({ signal: new AbortController().signal });
  const image = async (label = 'COS_ACTIVE'): Promise<string> => {
    const file = path.join(await scratch(), 'image.img');
    await system.images.create(file, { bytes: 16 * MIB, label, fs: 'ext2' });
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

  describe('host', () => {
    it('has the same facts whenever it is asked', async () => {
      const facts = await system.host.facts();
      expect(facts.bootId).not.toBe('');
      expect(facts.arch).toMatch(/^\w+$/);
      expect(await system.host.facts()).toEqual(facts);
    });
  });

  describe('disks', () => {
    it('finds a partition with its role, label, file system, size and place', async () => {
      const state = (await system.disks.partitions()).find(
        ({ disk, role }) => disk === subject.disk && role === 'state',
      );
      expect(state).toMatchObject({
        label: 'COS_STATE',
        fs: 'ext4',
        mountedAt: subject.stateAt,
      });
      expect(state?.bytes).toBeGreaterThan(MIB);
    });

    it('finds a partition that is mounted nowhere', async () => {
      const recovery = (await system.disks.partitions()).find(
        ({ device }) => device === subject.recoveryDevice,
      );
      expect(recovery).toMatchObject({ role: 'recovery', disk: subject.disk });
      expect(recovery).not.toHaveProperty('mountedAt');
    });

    it('tells the free bytes of the file system that holds a path', async () => {
      const free = await system.disks.free(await scratch());
      expect(free).toBeGreaterThan(MIB);
    });
  });

  describe('files', () => {
    it('takes absence for an answer, never for an error', async () => {
      const missing = path.join(await scratch(), 'no', 'such', 'file');
      expect(await system.files.stat(missing)).toBeUndefined();
      expect(await system.files.readText(missing)).toBeUndefined();
      expect(await system.files.list(missing)).toEqual([]);
      await system.files.remove(missing);
    });

    it('reads what was written last', async () => {
      const file = path.join(await scratch(), 'note');
      await system.files.writeText(file, 'one', 0o600);
      await system.files.writeText(file, 'two\nlines', 0o600);
      expect(await system.files.readText(file)).toBe('two\nlines');
      expect(await system.files.stat(file)).toMatchObject({ kind: 'file', bytes: 9, links: 1 });
    });

    it('replaces a file by a new one, so that another name of the old one keeps the old text', async () => {
      const folder = await scratch();
      const [file, other] = [path.join(folder, 'note'), path.join(folder, 'other')];
      await system.files.writeText(file, 'old', 0o600);
      await system.files.link(file, other);
      await system.files.writeText(file, 'new', 0o600);
      expect(await system.files.readText(other)).toBe('old');
    });

    it('leaves nothing beside a file that it wrote', async () => {
      const folder = await scratch();
      await system.files.writeText(path.join(folder, 'note'), 'text', 0o600);
      expect(await system.files.list(folder)).toEqual(['note']);
    });

    it('lists names by code unit', async () => {
      const folder = await scratch();
      for (const name of ['b', 'a', 'B', '10', '9']) {
        await system.files.writeText(path.join(folder, name), '', 0o600);
      }
      expect(await system.files.list(folder)).toEqual(['10', '9', 'B', 'a', 'b']);
    });

    it('gives two names of one file one identity, and different files different ones', async () => {
      const folder = await scratch();
      const [one, two, three] = ['one', 'two', 'three'].map((name) => path.join(folder, name));
      await system.files.writeText(one!, 'text', 0o600);
      await system.files.writeText(three!, 'text', 0o600);
      await system.files.link(one!, two!);
      const [first, second, third] = [
        await system.files.stat(one!),
        await system.files.stat(two!),
        await system.files.stat(three!),
      ];
      expect(first).toEqual(second);
      expect(first?.links).toBe(2);
      expect(third?.id).not.toBe(first?.id);
    });

    it('refuses to link under a taken name', async () => {
      const folder = await scratch();
      await system.files.writeText(path.join(folder, 'one'), '1', 0o600);
      await system.files.writeText(path.join(folder, 'two'), '2', 0o600);
      await expect(
        system.files.link(path.join(folder, 'one'), path.join(folder, 'two')),
      ).rejects.toMatchObject({ code: 'exists' });
    });

    it('renames over a file, which keeps its identity under its other name', async () => {
      const folder = await scratch();
      const [next, active, doomed] = ['next', 'active', 'doomed'].map((name) =>
        path.join(folder, name),
      );
      await system.files.writeText(active!, 'old', 0o600);
      await system.files.writeText(next!, 'new', 0o600);
      const [oldOne, newOne] = [await system.files.stat(active!), await system.files.stat(next!)];
      await system.files.link(active!, doomed!);
      await system.files.rename(next!, active!);
      expect((await system.files.stat(active!))?.id).toBe(newOne?.id);
      expect((await system.files.stat(doomed!))?.id).toBe(oldOne?.id);
      expect(await system.files.list(folder)).toEqual(['active', 'doomed']);
    });

    it('cannot rename what is not there', async () => {
      const folder = await scratch();
      await expect(
        system.files.rename(path.join(folder, 'no'), path.join(folder, 'yes')),
      ).rejects.toMatchObject({ code: 'not-found' });
    });

    it('removes a tree with everything below it, and nothing beside it', async () => {
      const folder = await scratch();
      await system.files.makeDirectory(path.join(folder, 'tree/deep/down'), 0o755);
      await system.files.writeText(path.join(folder, 'tree/deep/note'), 'x', 0o600);
      await system.files.writeText(path.join(folder, 'treetop'), 'x', 0o600);
      await system.files.removeTree(path.join(folder, 'tree'));
      expect(await system.files.list(folder)).toEqual(['treetop']);
      await system.files.removeTree(path.join(folder, 'tree'));
    });

    it('refuses to remove a tree with a mount below it, and removes nothing of it', async () => {
      const folder = await scratch();
      const inside = path.join(folder, 'tree/inside');
      await system.files.makeDirectory(path.join(folder, 'user'), 0o755);
      await system.files.makeDirectory(inside, 0o755);
      await system.files.writeText(path.join(folder, 'user/data'), 'precious', 0o600);
      const source = path.join(folder, 'user');
      await whileMounted({ kind: 'bind', source, at: inside, mode: 'rw' }, async () => {
        await expect(system.files.removeTree(path.join(folder, 'tree'))).rejects.toMatchObject({
          code: 'mount-busy',
        });
        expect(await system.files.readText(path.join(inside, 'data'))).toBe('precious');
      });
      expect(await system.files.readText(path.join(source, 'data'))).toBe('precious');
    });
  });

  describe('mounts', () => {
    it('lists a mount while it is there', async () => {
      const at = mountPoint();
      const source = subject.recoveryDevice;
      const here = async () => (await system.mounts.list()).find((mount) => mount.at === at);
      await whileMounted({ kind: 'device', source, at, mode: 'rw' }, async () => {
        expect(await here()).toEqual({ at, source, fs: 'ext4', mode: 'rw', fileSystem: 'rw' });
        const inside = mountPoint();
        await whileMounted({ kind: 'bind', source: at, at: inside, mode: 'ro' }, async () => {
          const bound = (await system.mounts.list()).find((mount) => mount.at === inside);
          expect(bound).toMatchObject({ mode: 'ro', fileSystem: 'rw' });
        });
        await system.mounts.remount(at, 'ro');
        expect(await here()).toMatchObject({ mode: 'ro', fileSystem: 'ro' });
        await expect(
          system.files.writeText(path.join(at, 'note'), 'x', 0o600),
        ).rejects.toMatchObject({ code: 'read-only' });
      });
      expect(await here()).toBeUndefined();
    });

    it('shows a file system to be read, its journal as it is', async () => {
      const at = mountPoint();
      const source = subject.recoveryDevice;
      const request = { kind: 'device', source, at, mode: 'ro', journal: 'as it is' } as const;
      await whileMounted(request, async () => {
        const here = (await system.mounts.list()).find((mount) => mount.at === at);
        expect(here).toMatchObject({ source, mode: 'ro', fileSystem: 'ro' });
      });
    });

    it('keeps what was written in a partition', async () => {
      const request = {
        kind: 'device',
        source: subject.recoveryDevice,
        at: mountPoint(),
        mode: 'rw',
      } as const;
      const note = path.join(request.at, 'kept');
      await whileMounted(request, () => system.files.writeText(note, 'text', 0o600));
      await whileMounted(request, async () => {
        expect(await system.files.readText(note)).toBe('text');
        await system.files.remove(note);
      });
    });

    it('shows a directory at a second place', async () => {
      const source = await scratch();
      const at = mountPoint();
      await system.files.writeText(path.join(source, 'note'), 'text', 0o600);
      await whileMounted({ kind: 'bind', source, at, mode: 'rw' }, async () => {
        expect(await system.files.readText(path.join(at, 'note'))).toBe('text');
      });
    });

    it('unmounts the topmost mount only', async () => {
      const [lower, upper] = [await scratch(), await scratch()];
      const at = mountPoint();
      await system.files.writeText(path.join(lower, 'lower'), '', 0o600);
      await system.files.writeText(path.join(upper, 'upper'), '', 0o600);
      await whileMounted({ kind: 'bind', source: lower, at, mode: 'rw' }, async () => {
        await whileMounted({ kind: 'bind', source: upper, at, mode: 'rw' }, async () => {
          expect(await system.files.list(at)).toEqual(['upper']);
        });
        expect(await system.files.list(at)).toEqual(['lower']);
      });
    });

    it('refuses to unmount under another mount, and names it', async () => {
      const source = await scratch();
      const at = mountPoint();
      const inner = path.join(at, 'inner');
      await system.files.makeDirectory(path.join(source, 'inner'), 0o755);
      await whileMounted({ kind: 'bind', source, at, mode: 'rw' }, async () => {
        await whileMounted({ kind: 'bind', source: await scratch(), at: inner, mode: 'rw' }, () =>
          expect(system.mounts.unmount(at)).rejects.toMatchObject({
            code: 'mount-busy',
            reason: containing(inner),
          }),
        );
      });
    });

    it('names who uses what is at a path: the mounts below it, the loop device of an image', async () => {
      const source = await scratch();
      const file = await image();
      const [at, other] = [mountPoint(), mountPoint()];
      const inner = path.join(at, 'inner');
      await system.files.makeDirectory(path.join(source, 'inner'), 0o755);
      const nested = { kind: 'bind', source: await scratch(), at: inner, mode: 'rw' } as const;
      await whileMounted({ kind: 'bind', source, at, mode: 'rw' }, () =>
        whileMounted(nested, async () => {
          expect(await system.mounts.users(at)).toEqual([`a mount at ${inner}`]);
        }),
      );
      expect(await system.mounts.users(file)).toEqual([]);
      await whileMounted({ kind: 'image', source: file, at: other, mode: 'ro' }, async () => {
        expect(await system.mounts.users(file)).toEqual([containing('/dev/loop')]);
      });
      expect(await system.mounts.users(file)).toEqual([]);
    });

    it('says when there is nothing to unmount', async () => {
      await expect(system.mounts.unmount(await scratch())).rejects.toMatchObject({
        code: 'not-mounted',
      });
    });
  });

  describe('images', () => {
    it('makes an empty, sound file system with a label', async () => {
      const file = await image('COS_ACTIVE');
      expect(await system.images.label(file)).toBe('COS_ACTIVE');
      expect((await system.files.stat(file))?.bytes).toBe(16 * MIB);
      await system.images.check(file, effort());
    });

    it('makes an image with holes: what it takes is less than its size', async () => {
      const stat = await system.files.stat(await image());
      expect(stat?.bytes).toBe(16 * MIB);
      expect(stat?.allocatedBytes).toBeLessThan(8 * MIB);
    });

    it('never makes an image over a file', async () => {
      const file = await image();
      await expect(
        system.images.create(file, { bytes: 16 * MIB, label: 'OTHER', fs: 'ext2' }),
      ).rejects.toMatchObject({ code: 'exists' });
      expect(await system.images.label(file)).toBe('COS_ACTIVE');
    });

    it('relabels an image in its place', async () => {
      const file = await image();
      const before = await system.files.stat(file);
      await system.images.relabel(file, 'COS_PASSIVE');
      expect(await system.images.label(file)).toBe('COS_PASSIVE');
      expect((await system.files.stat(file))?.id).toBe(before?.id);
      await system.images.check(file, effort());
    });

    it('knows an image by a UUID that its label and a copy do not change, and no other image has', async () => {
      const [file, other] = [await image(), await image()];
      const uuid = await system.images.uuid(file);
      expect(uuid).toMatch(/./);
      expect(await system.images.uuid(other)).not.toBe(uuid);
      await system.images.relabel(file, 'COS_PASSIVE');
      expect(await system.images.uuid(file)).toBe(uuid);
      await system.images.copy(file, `${file}.copy`, effort());
      expect(await system.images.uuid(`${file}.copy`)).toBe(uuid);
    });

    it('packs an image as a squashfs, which has no label and keeps the content', async () => {
      const from = await image();
      const [at, to] = [mountPoint(), `${from}.squashfs`];
      await whileMounted({ kind: 'image', source: from, at, mode: 'rw' }, () =>
        system.files.writeText(`${at}/kept`, 'content', 0o644),
      );
      await system.images.pack(from, to, { options: ['-comp', 'gzip'] }, effort());
      expect(await system.images.label(to)).toBeUndefined();
      await system.images.check(to, effort());
      await whileMounted({ kind: 'image', source: to, at, mode: 'ro' }, async () => {
        expect(await system.files.readText(`${at}/kept`)).toBe('content');
      });
      await expect(system.images.pack(from, to, { options: [] }, effort())).rejects.toMatchObject({
        code: 'exists',
      });
    });

    it('fills an image with a source and keeps it', async () => {
      const file = await image();
      const at = mountPoint();
      const request = { kind: 'image', source: file, at } as const;
      await whileMounted({ ...request, mode: 'rw' }, async () => {
        const facts = await system.images.inspect(subject.source, effort());
        const filled = await system.images.fill(subject.source, at, effort());
        expect(filled).toMatchObject({ bytes: facts.contentBytes, files: facts.files });
      });
      await system.images.check(file, effort());
      await whileMounted({ ...request, mode: 'ro' }, async () => {
        expect(await system.files.readText(path.join(at, 'etc/os-release'))).toContain('2.0');
        await expect(
          system.files.writeText(path.join(at, 'etc/os-release'), 'x', 0o644),
        ).rejects.toMatchObject({ code: 'read-only' });
      });
    });

    it('gives the same digest for the same source, whatever it is written into', async () => {
      const digests: string[] = [];
      for (const label of ['ONE', 'TWO']) {
        const at = mountPoint();
        const request = { kind: 'image', source: await image(label), at, mode: 'rw' } as const;
        await whileMounted(request, async () => {
          digests.push((await system.images.fill(subject.source, at, effort())).digest);
        });
      }
      expect(digests[0]).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(digests[0]).toBe(digests[1]);
    });

    it('tells progress up to the end', async () => {
      const at = mountPoint();
      const told: { doneBytes: number; totalBytes: number }[] = [];
      const request = { kind: 'image', source: await image(), at, mode: 'rw' } as const;
      await whileMounted(request, async () => {
        const report = (progress: { doneBytes: number; totalBytes: number }) => {
          told.push(progress);
        };
        await system.images.fill(subject.source, at, { ...effort(), report });
      });
      const last = told.at(-1);
      expect(last?.doneBytes).toBe(last?.totalBytes);
      expect(told.map(({ doneBytes }) => doneBytes)).toEqual(
        told.map(({ doneBytes }) => doneBytes).toSorted((a, b) => a - b),
      );
    });

    it('stops when it is asked to, as an interruption', async () => {
      const at = mountPoint();
      const stopped = { signal: AbortSignal.abort() };
      const file = await image();
      await whileMounted({ kind: 'image', source: file, at, mode: 'rw' }, () =>
        expect(system.images.fill(subject.source, at, stopped)).rejects.toThrow(InterruptedError),
      );
      await expect(system.images.digest(file, stopped)).rejects.toThrow(InterruptedError);
      await expect(system.images.copy(file, `${file}.copy`, stopped)).rejects.toThrow(
        InterruptedError,
      );
    });

    it('copies an image: another file, the same digest', async () => {
      const file = await image();
      const copy = `${file}.copy`;
      const at = mountPoint();
      await whileMounted({ kind: 'image', source: file, at, mode: 'rw' }, async () => {
        await system.images.fill(subject.source, at, effort());
      });
      await system.images.copy(file, copy, effort());
      expect(await system.images.digest(copy, effort())).toBe(
        await system.images.digest(file, effort()),
      );
      expect((await system.files.stat(copy))?.id).not.toBe((await system.files.stat(file))?.id);
      await expect(system.images.copy(file, copy, effort())).rejects.toMatchObject({
        code: 'exists',
      });
    });

    it('gives another digest after a change of the content', async () => {
      const file = await image();
      const before = await system.images.digest(file, effort());
      const at = mountPoint();
      await whileMounted({ kind: 'image', source: file, at, mode: 'rw' }, () =>
        system.files.writeText(path.join(at, 'note'), 'text', 0o644),
      );
      expect(await system.images.digest(file, effort())).not.toBe(before);
    });
  });

  describe('boot environment', () => {
    it('is absent until it is written', async () => {
      const file = path.join(await scratch(), 'grubenv');
      expect(await system.boot.readEnvironment(file)).toBeUndefined();
      await system.boot.writeEnvironment(file, { next_entry: 'recovery' });
      expect(await system.boot.readEnvironment(file)).toEqual({ next_entry: 'recovery' });
    });

    it('keeps what is not changed, and unsets with an empty string', async () => {
      const file = path.join(await scratch(), 'grubenv');
      await system.boot.writeEnvironment(file, { one: '1', two: 'a=b c', three: '3' });
      await system.boot.writeEnvironment(file, { one: '', three: 'drei' });
      expect(await system.boot.readEnvironment(file)).toEqual({ two: 'a=b c', three: 'drei' });
    });

    it('stays the same 1024 bytes of the same file for ever', async () => {
      const file = path.join(await scratch(), 'grubenv');
      await system.boot.writeEnvironment(file, { one: '1' });
      const before = await system.files.stat(file);
      await system.boot.writeEnvironment(file, { one: '2', two: '2' });
      expect(await system.files.stat(file)).toEqual(before);
      expect(before?.bytes).toBe(1024);
    });
  });

  describe('settle', () => {
    it('leaves a file system as writable as it was', async () => {
      const file = path.join(await scratch(), 'note');
      await system.files.writeText(file, 'text', 0o600);
      await system.settle.sync([subject.stateAt, file]);
      await system.settle.checkpoint(subject.stateAt);
      await system.files.writeText(file, 'more', 0o600);
      expect(await system.files.readText(file)).toBe('more');
    });

    it('leaves a read-only file system read-only', async () => {
      const at = mountPoint();
      const source = subject.recoveryDevice;
      await whileMounted({ kind: 'device', source, at, mode: 'ro' }, async () => {
        await system.settle.checkpoint(at);
        expect((await system.mounts.list()).find((mount) => mount.at === at)?.mode).toBe('ro');
      });
    });

    it('refuses a checkpoint where nothing is mounted', async () => {
      await expect(system.settle.checkpoint(await scratch())).rejects.toMatchObject({
        code: 'not-mounted',
      });
    });

    it('may thaw what was never frozen', async () => {
      await system.settle.thaw(subject.stateAt);
    });
  });
});
