/**
 * Below the file system: an upgrade whose every write is recorded, and a sample of the disks that a power cut around the switch can
 * leave, each looked at by the kernel, which replays journals, and by GRUB's own driver, which does not.
 */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstWriteOf } from '../../src/proof/blocks/block-states.ts';
import { judgeStates, type Judged } from '../../src/proof/blocks/judge-states.ts';
import { record, type Recorded } from '../../src/proof/blocks/record.ts';
import { missingForRecording } from '../../src/proof/blocks/recorded-disk.ts';
import { PUT_BY_HOOK, PUT_FILE } from '../../src/proof/cuts/hooks.ts';
import { missingForRig, UPGRADE, type Rig } from '../../src/proof/cuts/rig.ts';
import { createRig } from '../support/power/test-rig.ts';

const missing = (await missingForRig()) ?? (await missingForRecording());
if (missing !== undefined) process.stdout.write(`block states: left out, ${missing}\n`);
const LONG = 1_200_000;
const SEED = 20221122;

describe.skipIf(missing !== undefined)('the blocks that a power cut leaves', () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await createRig({ oem: { 'hook.yaml': PUT_FILE }, byHooks: PUT_BY_HOOK });
  }, LONG);

  afterAll(() => rig.destroy());

  it(
    'boot and keep every law, wherever the power goes around the switch',
    { timeout: LONG },
    async () => {
      const { base, log } = await recorded(rig, { slot: 'active', command: UPGRADE });
      const from = firstWriteOf(log, '"step.started","step":"set-active"');
      const to = firstWriteOf(log, '"step.completed","step":"run-post-stage"');
      const states = await judgeStates(rig, rig.before, {
        base,
        log,
        from,
        to,
        count: 240,
        seed: SEED,
      });
      tell('upgrade', states);
      expect(states.violations).toEqual([]);
      // More than law 1 asks for: active is whole for GRUB throughout.
      expect(states.fallbacks).toBe(0);
      expect(states.judged).toBeGreaterThanOrEqual(200);
      await rm(base.path);
    },
  );

  it(
    'are reported when somebody overwrites the only image in place',
    { timeout: LONG },
    async () => {
      const command = ['sh', '-c', OVERWRITE];
      const { base, log } = await recorded(rig, { slot: 'recovery', command });
      const to = log.length;
      const states = await judgeStates(rig, rig.before, {
        base,
        log,
        from: to >> 1,
        to,
        count: 20,
        seed: SEED,
      });
      tell('negative control', states);
      expect(states.bad).toBeGreaterThan(states.judged / 2);
      await rm(base.path);
    },
  );

  it(
    'are reported when a rename is synced but not checkpointed: GRUB sees it before it is whole',
    { timeout: LONG },
    async () => {
      const command = ['sh', '-c', RENAME_ONLY];
      let fallbacks = 0;
      // When the kernel writes the directory back before the inode is its own choice: one recording may show it in no state.
      for (let recording = 0; recording < 4 && fallbacks === 0; recording += 1) {
        const { base, log } = await recorded(rig, { slot: 'recovery', command });
        const states = await judgeStates(rig, rig.before, {
          base,
          log,
          from: firstWriteOf(log, 'last-good'),
          to: log.length,
          count: 120,
          seed: SEED,
        });
        tell('rename without a checkpoint', states);
        fallbacks += states.fallbacks;
        await rm(base.path);
      }
      expect(fallbacks).toBeGreaterThan(0);
    },
  );
});

/** Removes passive, then writes over active where it lies. */
const OVERWRITE = `
set -eu
mount /dev/disk/by-label/COS_STATE /mnt
rm /mnt/cOS/passive.img
sync
head -c 8388608 /dev/urandom | dd of=/mnt/cOS/active.img conv=notrunc bs=65536
sync
umount /mnt
`;

/** What looks careful: a copy that is synced, renamed over active, and the directory synced. */
const RENAME_ONLY = `
set -eu
mount /dev/disk/by-label/COS_STATE /mnt
echo last-good > /mnt/marker
cp /mnt/cOS/passive.img /mnt/cOS/new.img
tune2fs -L COS_ACTIVE /mnt/cOS/new.img
sync
mv /mnt/cOS/new.img /mnt/cOS/active.img
sync
umount /mnt
`;

/** A recording of a command that does what it should. */
async function recorded(rig: Rig, what: Recorded) {
  const recording = await record(rig, what);
  const { code, stderr } = recording.outcome;
  expect(code, stderr).toBe(0);
  return recording;
}

function tell(name: string, { judged, bad, fallbacks, how, seconds }: Judged): void {
  process.stdout.write(
    `block states, ${name}: ${String(judged)} judged (pending writes: all ${String(how.all)}, none ${String(how.none)}, ` +
      `some ${String(how.some)}), ${String(bad)} with violations, ${String(fallbacks)} where GRUB needs its fallback, ` +
      `${seconds.toFixed(0)} s\n`,
  );
}
