/** A disk that refuses a write or a flush under a running upgrade, once or from then on; and what becomes of it when the disk is whole again. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingForRig, type Rig } from '../../src/proof/cuts/rig.ts';
import { upgradeScenario } from '../../src/proof/cuts/scenario.ts';
import { failDuring } from '../../src/proof/faults/disk-fault.ts';
import { missingForFailingDisk, type DiskFault } from '../../src/proof/faults/failing-disk.ts';
import { createRig } from '../support/power/test-rig.ts';

const missing = (await missingForRig()) ?? (await missingForFailingDisk());
if (missing !== undefined) process.stdout.write(`failing disks: left out, ${missing}\n`);
const LONG = 3_600_000;

/** Requests that fail; the whole upgrade makes some hundreds. `SLOTWRIGHT_FAULTS=1,2,3` tries others. */
const PLACES = (process.env['SLOTWRIGHT_FAULTS'] ?? '1,14,40,90').split(',').map(Number);

describe.skipIf(missing !== undefined)('a disk that fails', () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await createRig();
  }, LONG);

  afterAll(() => rig.destroy());

  it.each(['once', 'for good'] as const)(
    '%s leaves an upgrade that says so, and is finished or undone on a disk that works',
    { timeout: LONG },
    async (lasts) => {
      const scenario = upgradeScenario(rig, await rig.fresh());
      const wrong: string[] = [];
      let struck = 0;
      for (const at of PLACES) {
        const fault: DiskFault = { at, of: 'both', lasts };
        const found = await failDuring(rig, scenario, fault);
        if (found === 'out of reach') continue;
        struck += 1;
        process.stdout.write(`${at} ${lasts}: ended with ${found.code}, ${found.said}\n`);
        wrong.push(...found.wrong);
      }
      expect(wrong).toEqual([]);
      expect(struck).toBeGreaterThan(0);
    },
  );
});
