/** Random operations with random cuts, one after the other on one disk. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingForRig, type Rig } from '../../src/proof/cuts/rig.ts';
import { soak } from '../../src/proof/soak/soak.ts';
import { EXTENT } from '../support/power/extent.ts';
import { createRig } from '../support/power/test-rig.ts';

const missing = await missingForRig();
if (missing !== undefined) process.stdout.write(`a soak: left out, ${missing}\n`);
const LONG = 14_400_000;

const OPERATIONS = Number(process.env['SLOTWRIGHT_SOAK'] ?? (EXTENT === 'full' ? '500' : '15'));
const SEED = Number(process.env['SLOTWRIGHT_SEED'] ?? '20261123');

describe.skipIf(missing !== undefined)('a machine that is never left alone', () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await createRig();
  }, LONG);

  afterAll(() => rig.destroy());

  it(
    'keeps the laws, its room and its history through whatever is asked of it',
    { timeout: LONG },
    async () => {
      const report = await soak(rig, {
        operations: OPERATIONS,
        seed: SEED,
        told: (line) => void process.stdout.write(`${line}\n`),
      });
      process.stdout.write(`${JSON.stringify(report)}\n`);
      expect(report.violations).toEqual([]);
      expect(report.turns).toBe(OPERATIONS);
    },
  );
});
