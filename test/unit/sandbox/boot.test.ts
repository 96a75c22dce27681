import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { bootDisk, type Booted } from '../../../src/sandbox/boot.ts';
import type { Disk } from '../../../src/sandbox/disk.ts';
import { hostCommand } from '../../../src/sandbox/host-command.ts';
import { cutPower } from '../../../src/sandbox/power.ts';
import { NO_REAL_MACHINE } from '../../support/sandbox/no-real-machine.ts';
import { tinyMachine, type TinyMachine } from '../../../src/sandbox/tiny-machine.ts';

// Real disks on a machine that does other things too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const PROGRAM = 'test/support/sandbox/boot-and-wait.ts';

describe.skipIf(NO_REAL_MACHINE !== undefined)('a booted sandbox', () => {
  let machine: TinyMachine;
  let booted: Booted | undefined;
  beforeAll(async () => {
    machine = await tinyMachine({ oem: { 'hook.yaml': 'name: a hook\n' } });
  });
  afterEach(async () => booted?.shutdown());
  afterAll(async () => machine.destroy());

  async function boot(disk?: Disk, slot: Booted['slot'] = 'active'): Promise<Booted> {
    booted = await bootDisk(disk ?? (await machine.fresh()), {
      slot,
      userland: 'host',
      lend: { '/run/slotwright/next': machine.trees.v2 },
    });
    return booted;
  }
  const said = async (argv: readonly string[]): Promise<string> => {
    const { stdout, stderr, code } = await (booted ?? (await boot())).run(argv);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout.trim();
  };
  const loops = async (disk: Disk): Promise<string> =>
    hostCommand('losetup', ['--associated', disk.path]);

  it('has mounted what an installed system has mounted', async () => {
    await boot();
    const options = async (at: string): Promise<string> =>
      said(['findmnt', '--noheadings', '--raw', '--output', 'LABEL,FSTYPE,VFS-OPTIONS', at]);
    expect(await options('/')).toMatch(/^COS_ACTIVE ext2 ro,/);
    expect(await options('/run/initramfs/cos-state')).toMatch(/^COS_STATE ext4 ro,/);
    expect(await options('/oem')).toMatch(/^COS_OEM ext4 rw,/);
    expect(await options('/usr/local')).toMatch(/^COS_PERSISTENT ext4 rw,/);
    expect(await options('/etc')).toMatch(/^overlay rw,/);
    expect(await said(['cat', '/oem/hook.yaml'])).toBe('name: a hook');
    expect(await said(['cat', '/run/cos/active_mode'])).toBe('1');
    expect(await said(['cat', '/proc/cmdline'])).toContain('cos-img/filename=/cOS/active.img');
  });

  it('runs from the very file that is the active image', async () => {
    await boot();
    const source = await said(['findmnt', '--noheadings', '--output', 'SOURCE', '/']);
    expect(
      await said(['losetup', '--noheadings', '--output', 'BACK-INO,RO,AUTOCLEAR', source]),
    ).toMatch(
      new RegExp(
        `^${await said(['stat', '-c', '%i', '/run/initramfs/cos-state/cOS/active.img'])} +1 +1$`,
      ),
    );
  });

  it('can do inside what an upgrade does: namespaces, file systems, loops, chroot', async () => {
    await boot();
    const script =
      'set -e; mount -o remount,rw /run/initramfs/cos-state; cd /run/initramfs/cos-state; truncate -s 16M t.img; ' +
      'mkfs.ext2 -q t.img; mkdir /run/t; mount -o loop t.img /run/t; cp -a /run/slotwright/next/. /run/t/; chroot /run/t /bin/sh -c ' +
      '". /etc/os-release; echo version \\$VERSION"';
    expect(await said(['unshare', '--mount', '--propagation', 'slave', 'sh', '-c', script])).toBe(
      'version 2',
    );
  });

  it('sees no disk of the host', async () => {
    await boot();
    const nodes = (
      await said(['sh', '-c', 'cd /dev; ls -d sd* vd* nvme* dm-* 2>/dev/null || true'])
    ).split('\n');
    expect(nodes).toEqual(['']);
  });

  it('boots recovery with COS_RECOVERY in the place of COS_STATE and without persistent data', async () => {
    await boot(undefined, 'recovery');
    expect(await said(['findmnt', '--noheadings', '--raw', '--output', 'LABEL', '/'])).toBe(
      'COS_SYSTEM',
    );
    expect(await said(['ls', '/run/initramfs/cos-state/cOS'])).toBe('recovery.img');
    expect(await said(['sh', '-c', 'findmnt /usr/local || echo none'])).toBe('none');
  });

  it('keeps what was written when it is shut down, and nothing of it stays on the host', async () => {
    const disk = await machine.fresh();
    const first = await boot(disk);
    await said(['sh', '-c', 'echo kept > /oem/note; echo gone > /etc/note']);
    await first.shutdown();
    expect(await loops(disk)).toBe('');
    expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(first.device);
    await boot(disk);
    expect(await said(['cat', '/oem/note'])).toBe('kept');
    expect(await said(['sh', '-c', 'cat /etc/note 2>/dev/null || echo none'])).toBe('none');
  });

  it('loses what was not durable when the power is cut, and boots again', async () => {
    const disk = await machine.fresh();
    const first = await boot(disk);
    await said(['sh', '-c', 'echo durable > /oem/a; sync; echo lost > /oem/b']);
    const cut = await cutPower(first);
    expect(cut.devices).toHaveLength(3);
    expect(await loops(disk)).toBe('');
    await boot(disk);
    expect(await said(['cat', '/oem/a'])).toBe('durable');
    expect(await said(['sh', '-c', 'cat /oem/b 2>/dev/null; true'])).toBe('');
  });

  it('lets no process notice that the power is cut', async () => {
    const first = await boot();
    const said: string[] = [];
    const loop =
      'i=0; while :; do i=$((i + 1)); echo $i > /oem/i || echo noticed; sync /oem/i; done';
    const running = first.spawn(['unshare', '--mount', 'sh', '-c', loop], {
      onOutput: (text) => said.push(text),
    });
    await expect.poll(async () => (await first.run(['cat', '/oem/i'])).stdout).not.toBe('');
    await cutPower(first);
    await running.outcome;
    expect(said).toEqual([]);
  });

  it('cuts the power under a frozen file system too', async () => {
    const disk = await machine.fresh();
    const first = await boot(disk);
    await said(['fsfreeze', '--freeze', '/oem']);
    await cutPower(first);
    expect(await loops(disk)).toBe('');
  });

  it('is refused on a disk that runs already', async () => {
    const first = await boot();
    const second = bootDisk(first.disk, { slot: 'active', userland: 'host' });
    await expect(second).rejects.toMatchObject({
      code: 'sandbox-boot-failed',
      reason: 'its disk is running already',
    });
  });

  it('kills a command inside by its own process', async () => {
    const running = (await boot()).spawn(['sleep', '1000']);
    await running.kill('SIGKILL');
    expect((await running.outcome).code).toBe(137);
    expect(await said(['sh', '-c', 'pgrep -x sleep -a | grep 1000 || echo none'])).toBe('none');
  });

  it('dies with the process that booted it, even by SIGKILL', async () => {
    const disk = await machine.fresh();
    const program = join(machine.folder, 'boot-and-wait.cjs');
    await build({ entryPoints: [PROGRAM], outfile: program, bundle: true, platform: 'node' });
    const owner = execa('node', [program, disk.path, machine.trees.v2], { reject: false });
    await once(owner.stdout, 'data');
    expect(await loops(disk)).not.toBe('');
    owner.kill('SIGKILL');
    await owner;
    // A boot waits for the end of the one that was killed.
    await boot(disk);
    expect(await said(['cat', '/oem/busy'])).toBe('busy');
    await booted?.shutdown();
    expect(await loops(disk)).toBe('');
  });
});
