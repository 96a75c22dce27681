/** Below the file system: an installation whose every write is recorded, and a sample of the disks that a power cut can leave. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingForRecording } from '../../src/proof/blocks/recorded-disk.ts';
import { missingForRig } from '../../src/proof/cuts/rig.ts';
import { Installer } from '../support/install/installer.ts';
import { tell } from '../support/power/block-operations.ts';
import { EXTENT } from '../support/power/extent.ts';
import { proveInstall } from '../support/power/install-blocks.ts';

const missing = (await missingForRig()) ?? (await missingForRecording());
if (missing !== undefined)
  process.stdout.write(`block states of an installation: left out, ${missing}\n`);
const LONG = EXTENT === 'full' ? 14_400_000 : 1_200_000;
const SEED = 20221122;

describe.skipIf(missing !== undefined)(
  'the blocks that a power cut leaves of an installation',
  () => {
    let installer: Installer;
    beforeAll(async () => {
      installer = await Installer.make();
    });
    afterAll(() => installer.discard());

    it(
      'start a whole system or none, and the same command makes them whole',
      { timeout: LONG },
      async () => {
        // In full: every state from the write on that makes the disk start. Installed again are some of them, and as many of before.
        const extent = EXTENT === 'full' ? { recoveries: 40 } : { states: 20, recoveries: 2 };
        const tally = await proveInstall(installer, { seed: SEED, ...extent });
        tell('install', tally);
        expect(tally.violations).toEqual([]);
        expect(tally.nothing.length).toBeLessThan(tally.judged);
        expect(tally.recoveries).toBeGreaterThanOrEqual(4);
      },
    );
  },
);
