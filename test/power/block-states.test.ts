/**
 * Below the file system: operations whose every write is recorded, and a sample of the disks that a power cut can leave, each looked at by
 * the kernel, which replays journals, and by GRUB's own driver, which does not; some of them are switched on again. All of them:
 * `npm run prove:full`.
 */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstWriteOf } from '../../src/proof/blocks/block-states.ts';
import { judgeStates, type Judged, type Sample } from '../../src/proof/blocks/judge-states.ts';
import { proveBlocks, whileLooking } from '../../src/proof/blocks/prove-blocks.ts';
import { record, type Recorded } from '../../src/proof/blocks/record.ts';
import { missingForRecording } from '../../src/proof/blocks/recorded-disk.ts';
import { missingForRig, UPGRADE, type Rig } from '../../src/proof/cuts/rig.ts';
import { judgeCut } from '../../src/proof/laws.ts';
import { EXTENT } from '../support/power/extent.ts';
import { createBlockRig, OPERATIONS, tell } from '../support/power/block-operations.ts';

const missing = (await missingForRig()) ?? (await missingForRecording());
if (missing !== undefined) process.stdout.write(`block states: left out, ${missing}\n`);
const LONG = EXTENT === 'full' ? 14_400_000 : 1_200_000;
const SEED = 20221122;
/** In full: every state there is, and a recovery for each class of them. */
const extent = EXTENT === 'full' ? {} : { states: 40, recoveries: 3 };

describe.skipIf(missing !== undefined)('the blocks that a power cut leaves', () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await createBlockRig();
  }, LONG);

  afterAll(() => rig.destroy());

  const judged = async (name: string, sample: Sample): Promise<Judged> => {
    const states = await whileLooking(rig, (lanes) => {
      const judgement = () => (facts: Rig['before']['facts']) => judgeCut(facts, rig.before);
      return judgeStates(sample, { folder: rig.folder, lanes, judgement });
    });
    tell(name, states);
    return states;
  };

  it(
    'boot and keep every law, wherever the power goes around the switch',
    { timeout: LONG },
    async () => {
      const { base, log } = await recorded(rig, { slot: 'active', command: UPGRADE });
      const from = firstWriteOf(log, '"step.started","step":"set-active"');
      const to = firstWriteOf(log, '"step.completed","step":"run-post-stage"');
      const span = { base, log, from, to, count: 200, seed: SEED };
      const states = await judged('around the switch of an upgrade', span);
      expect(states.violations).toEqual([]);
      // More than law 1 asks for: active is whole for GRUB throughout.
      expect(states.fallbacks).toBe(0);
      expect(states.judged).toBe(200);
      await rm(base.path);
    },
  );

  it.each(OPERATIONS)(
    'boot, and are carried on to the end of the operation: $name',
    { timeout: LONG },
    async ({ make }) => {
      const scenario = await make(rig);
      const tally = await proveBlocks(rig, scenario, { seed: SEED, ...extent });
      tell(scenario.name, tally);
      expect(tally.violations).toEqual([]);
      expect(tally.recoveries).toBeGreaterThanOrEqual(3);
    },
  );

  it(
    'are reported when somebody overwrites the only image in place',
    { timeout: LONG },
    async () => {
      const command = ['sh', '-c', OVERWRITE];
      const { base, log } = await recorded(rig, { slot: 'recovery', command });
      const span = { base, log, from: log.length >> 1, count: 20, seed: SEED };
      const states = await judged('negative control', span);
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
        const span = { base, log, from: firstWriteOf(log, 'last-good'), seed: SEED };
        fallbacks += (await judged('rename without a checkpoint', span)).fallbacks;
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
head -c 4194304 /dev/urandom | dd of=/mnt/cOS/active.img conv=notrunc bs=65536
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
