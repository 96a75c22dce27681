/** What cannot end well ends with a documented code and changes nothing that boots and nothing of the user's, compared by digest. */
import { open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/exit-codes.ts';
import { partitionsOf } from '../../src/proof/cold-partitions.ts';
import type { Booted } from '../../src/sandbox/boot.ts';
import type { Disk } from '../../src/sandbox/disk.ts';
import { hostCommand } from '../../src/sandbox/host-command.ts';
import type { Slot } from '../../src/system/port.ts';
import { contentsOf } from '../support/power/disk-contents.ts';
import { FILLING, NOT_YAML, PUT_BY_HOOK, PUT_FILE } from '../../src/proof/cuts/hooks.ts';
import { heldBeyond, heldBy, STATE_AT } from '../../src/proof/cuts/live-machine.ts';
import { missingForRig, RESET, RESUME, UPGRADE, type Rig } from '../../src/proof/cuts/rig.ts';
import { createRig } from '../support/power/test-rig.ts';

const missing = await missingForRig();
if (missing !== undefined) process.stdout.write(`refusals on a real disk: left out, ${missing}\n`);
const LONG = 300_000;

interface Refusal {
  /** Partition that is not there. */
  readonly without?: 'recovery' | 'state';
  /** Done on the running machine before; not part of what is compared. */
  readonly given?: (booted: Booted) => Promise<unknown>;
  readonly slot?: Slot;
  readonly command: readonly string[];
  readonly exits: number;
  /** Part of what is told. */
  readonly says: string;
  /** Further files of `/etc/elemental/config.d`. */
  readonly config?: string;
}

const CASES: Readonly<Record<string, Refusal>> = {
  'a source that is not there': {
    command: ['elemental', 'upgrade', '--system.uri', 'dir:/nowhere'],
    exits: EXIT.noSource,
    says: '/nowhere',
  },
  'a source that is no image': {
    given: (booted) => booted.run(['sh', '-c', 'head -c 3000000 /dev/urandom > /tmp/garbage.img']),
    command: ['elemental', 'upgrade', '--system.uri', 'file:/tmp/garbage.img'],
    exits: EXIT.noSource,
    says: 'garbage.img',
  },
  'a source that cannot be read to its end': {
    given: (booted) => booted.run(['sh', '-c', BROKEN_IMAGE]),
    command: ['elemental', 'upgrade', '--system.uri', 'file:/tmp/broken.img'],
    exits: EXIT.noSource,
    says: 'broken.img',
  },
  'an image that the new system does not fit into': {
    config: 'upgrade:\n  system:\n    size: 2\n',
    command: UPGRADE,
    exits: EXIT.noSpace,
    says: 'upgrade.system.size',
  },
  'a state partition without room': {
    given: (booted) =>
      booted.run(['sh', '-c', `${REMOUNT}; ${FILL}; mount -o remount,ro ${STATE_AT}`]),
    command: UPGRADE,
    exits: EXIT.noSpace,
    says: 'state partition',
  },
  'a hook that is no YAML, when hooks count': {
    given: (booted) => writeFile(booted.path('/oem/broken.yaml'), NOT_YAML),
    command: [...UPGRADE, '--strict'],
    exits: EXIT.beforeUpgrade,
    says: 'broken.yaml',
  },
  'contradicting flags': {
    command: [...UPGRADE, '--reboot', '--poweroff'],
    exits: EXIT.flags,
    says: 'reboot',
  },
  'a flag that does not exist': {
    command: [...UPGRADE, '--rebot'],
    exits: EXIT.usage,
    says: '--reboot',
  },
  'a configuration that is no YAML': {
    config: NOT_YAML,
    command: UPGRADE,
    exits: EXIT.readConfig,
    says: 'zz.yaml',
  },
  'a machine without recovery': {
    without: 'recovery',
    command: UPGRADE,
    exits: EXIT.mountPartitions,
    says: 'COS_RECOVERY',
  },
  'a machine without a state partition': {
    without: 'state',
    slot: 'recovery',
    command: UPGRADE,
    exits: EXIT.mountPartitions,
    says: 'COS_STATE',
  },
};

const REMOUNT = `mount -o remount,rw ${STATE_AT}`;
const FILL = `head -c 450M /dev/zero > ${STATE_AT}/filler; sync`;
/** An ext4 that knows by a checksum that one of its directories is not what it was. */
const BROKEN_IMAGE = `
set -eu
truncate -s 16M /tmp/broken.img
mke2fs -q -F -t ext4 -O ^has_journal,metadata_csum -b 1024 -d /run/next /tmp/broken.img
set -- $(debugfs -R 'blocks /usr/bin' /tmp/broken.img)
dd if=/dev/urandom of=/tmp/broken.img bs=1024 seek=$1 count=1 conv=notrunc
`;

describe.skipIf(missing !== undefined)(
  'an upgrade is refused or undone, and nothing has changed:',
  () => {
    let rig: Rig;

    beforeAll(async () => {
      rig = await createRig({ oem: { 'hook.yaml': PUT_FILE }, byHooks: PUT_BY_HOOK });
    }, LONG);

    afterAll(() => rig.destroy());

    it.each(Object.entries(CASES))('%s', { timeout: LONG }, async (name, refusal) => {
      const disk = await rig.fresh();
      const { without, given, command, exits, says, config = '', slot = 'active' } = refusal;
      const more = join(rig.folder, 'zz.yaml');
      await writeFile(more, config);
      const lend = { '/etc/elemental/config.d/zz.yaml': more };
      if (given !== undefined && !givenInMemory(name)) {
        const first = await rig.boot(disk, slot, lend);
        await given(first);
        await first.shutdown();
      }
      if (without !== undefined) await deletePartition(disk, without);
      const before = await contentsOf(disk);
      const booted = await rig.boot(disk, slot, lend);
      try {
        if (given !== undefined && givenInMemory(name)) await given(booted);
        const quiet = await heldBy(booted);
        const { code, stderr } = await booted.run(command);
        expect(stderr).toContain('next: ');
        expect(stderr).toContain(says);
        expect(code, stderr).toBe(exits);
        expect(await heldBeyond(quiet, booted)).toEqual([]);
        // Nothing is owed, where there is a place to owe it at all.
        if (without !== 'state') expect((await booted.run(RESUME)).code).toBe(0);
      } finally {
        await booted.shutdown();
      }
      expect(await contentsOf(disk)).toEqual(before);
    });
  },
);

/** Sources are made in memory, and are gone with the boot. */
function givenInMemory(name: string): boolean {
  return name.startsWith('a source');
}

describe.skipIf(missing !== undefined)('an upgrade', () => {
  let rig: Rig;
  let filling: Rig;

  beforeAll(async () => {
    rig = await createRig({ oem: { 'hook.yaml': PUT_FILE }, byHooks: PUT_BY_HOOK });
    filling = await createRig({ oem: { 'hook.yaml': FILLING }, ballastBytes: 8 * 2 ** 20 });
  }, LONG);

  afterAll(async () => {
    await rig.destroy();
    await filling.destroy();
  });

  it(
    'that loses the room on the state partition half-way is undone',
    { timeout: LONG },
    async () => {
      const disk = await filling.fresh();
      const before = await contentsOf(disk);
      await whileBooted(filling, disk, 'active', async (booted) => {
        const quiet = await heldBy(booted);
        const { code, stderr } = await booted.run(UPGRADE);
        expect([EXIT.noSpace, EXIT.deployImage], stderr).toContain(code);
        expect(await heldBeyond(quiet, booted)).toEqual([]);
        await booted.run([
          'sh',
          '-c',
          `${REMOUNT}; rm ${STATE_AT}/filler; mount -o remount,ro ${STATE_AT}`,
        ]);
      });
      expect(await contentsOf(disk)).toEqual(before);
    },
  );

  it(
    'with a hook file that is no YAML goes on without it, unless hooks count',
    { timeout: LONG },
    async () => {
      const disk = await rig.fresh();
      await whileBooted(rig, disk, 'active', async (booted) => {
        await writeFile(booted.path('/oem/broken.yaml'), NOT_YAML);
        const { code, stdout, stderr } = await booted.run(UPGRADE);
        expect(code, stderr).toBe(0);
        expect(stdout).toContain('broken.yaml');
      });
      expect((await rig.facts(disk)).images['active.img']?.content).toBe(rig.contents.next);
    },
  );

  it(
    'with a damaged log is refused, and so is everything that would write to it',
    { timeout: LONG },
    async () => {
      const disk = await rig.fresh();
      await whileBooted(rig, disk, 'active', async (booted) => {
        expect((await booted.run(UPGRADE)).code).toBe(0);
        await booted.run(['sh', '-c', REMOUNT]);
        await damageTheMiddle(booted.path(`${STATE_AT}/slotwright/events`));
        await booted.run(['mount', '-o', 'remount,ro', STATE_AT]);
      });
      const before = await contentsOf(disk);
      await whileBooted(rig, disk, 'active', async (booted) => {
        for (const command of [
          UPGRADE,
          RESUME,
          ['elemental', 'abort'],
          ['elemental', 'rollback'],
        ]) {
          const { code, stderr } = await booted.run(command);
          expect(code, stderr).toBe(EXIT.logDamaged);
          expect(stderr).toContain('next: ');
        }
      });
      expect(await contentsOf(disk)).toEqual(before);
      await whileBooted(rig, disk, 'recovery', async (booted) => {
        expect((await booted.run(RESET)).code).toBe(EXIT.logDamaged);
        const { code, stderr } = await booted.run([...RESET, '--force']);
        expect(code, stderr).toBe(0);
        const { stdout } = await booted.run(['elemental', 'history']);
        expect(stdout).toContain('reset');
        expect(stdout).not.toContain('upgrade');
      });
      const { images, names } = await rig.facts(disk);
      expect(images['active.img']?.content).toBe(rig.contents.next);
      expect(names.toSorted()).toEqual(['active.img', 'passive.img', 'recovery.img']);
    },
  );

  it(
    'can be followed by a reset where passive and the boot environment are damaged',
    { timeout: LONG },
    async () => {
      const disk = await rig.fresh();
      await whileBooted(rig, disk, 'active', async (booted) => {
        await booted.run(['sh', '-c', REMOUNT]);
        const damage = 'cd "$1" && : > cOS/passive.img && : > grub_oem_env && sync';
        expect((await booted.run(['sh', '-c', damage, 'damage', STATE_AT])).code).toBe(0);
        await booted.run(['mount', '-o', 'remount,ro', STATE_AT]);
      });
      await whileBooted(rig, disk, 'recovery', async (booted) => {
        expect((await booted.run(['elemental', 'status'])).code).toBe(0);
        const { code, stderr } = await booted.run(RESET);
        expect(code, stderr).toBe(0);
      });
      const { images } = await rig.facts(disk);
      expect(images['passive.img']?.content).toBe(rig.contents.next);
    },
  );

  it(
    'can be followed by a factory reset where COS_PERSISTENT is damaged',
    { timeout: LONG },
    async () => {
      const disk = await rig.fresh();
      await overwriteStart(disk, 'persistent');
      await whileBooted(rig, disk, 'recovery', async (booted) => {
        const kept = await booted.run(RESET);
        expect(kept.code).toBe(EXIT.mountPartitions);
        expect(kept.stderr).toContain('persistent');
        const { code, stderr } = await booted.run([...RESET, '--reset-persistent']);
        expect(code, stderr).toBe(0);
        // The history is copied to COS_RECOVERY, which runs, and is read-only again.
        const copies = await booted.run(['ls', `${STATE_AT}/slotwright/events`]);
        expect(copies.stdout).toMatch(/-reset-.*\.jsonl/);
        expect((await booted.run(['touch', `${STATE_AT}/mine`])).code).not.toBe(0);
      });
      await whileBooted(rig, disk, 'active', async (booted) => {
        expect((await booted.run(['touch', '/usr/local/of-the-user'])).code).toBe(0);
      });
    },
  );

  async function whileBooted(
    on: Rig,
    disk: Disk,
    slot: Slot,
    work: (booted: Booted) => Promise<void>,
  ): Promise<void> {
    const booted = await on.boot(disk, slot);
    try {
      await work(booted);
    } finally {
      await booted.shutdown();
    }
  }
});

async function deletePartition(disk: Disk, name: string): Promise<void> {
  const partition = (await partitionsOf(disk.path)).find((one) => one.name === name);
  const quiet = ['--quiet', '--no-reread', '--no-tell-kernel'];
  await hostCommand('sfdisk', [...quiet, '--delete', disk.path, String(partition?.number)]);
}

/** Superblock and all: nobody can mount it any more. */
async function overwriteStart(disk: Disk, name: string): Promise<void> {
  const partition = (await partitionsOf(disk.path)).find((one) => one.name === name);
  const file = await open(disk.path, 'r+');
  try {
    await file.write(Buffer.alloc(2 ** 16, 0xff), 0, 2 ** 16, partition?.offset);
  } finally {
    await file.close();
  }
}

/** Changes one letter in the middle of the first segment. */
async function damageTheMiddle(events: string): Promise<void> {
  const [name = ''] = await readdir(events);
  const file = await open(join(events, name), 'r+');
  try {
    const { size } = await file.stat();
    await file.write('~', Math.floor(size / 2));
    await file.datasync();
  } finally {
    await file.close();
  }
}
