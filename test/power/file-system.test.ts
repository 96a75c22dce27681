/** The power is cut after every record: ext4 shut down without flushing, booted again as GRUB would, `resume`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/exit-codes.ts';
import { cutAtEveryBoundary } from '../../src/proof/cuts/every-boundary.ts';
import { FAILING, FILLING, PUT_BY_HOOK, PUT_FILE } from '../../src/proof/cuts/hooks.ts';
import { missingForRig, type Rig } from '../../src/proof/cuts/rig.ts';
import { sample } from '../support/power/extent.ts';
import { createRig } from '../support/power/test-rig.ts';
import {
  abortScenario,
  deployScenario,
  fullDiskScenario,
  recoveryUpgradeScenario,
  resetScenario,
  rollbackScenario,
  undoRecoveryScenario,
  undoScenario,
  upgradeFromPassiveScenario,
  upgradeScenario,
} from '../../src/proof/cuts/scenario.ts';

const missing = await missingForRig();
if (missing !== undefined)
  process.stdout.write(`power cuts on a real disk: left out, ${missing}\n`);
const LONG = 1_200_000;

describe.skipIf(missing !== undefined)('a power cut after a record, on a real disk', () => {
  let rig: Rig;
  let failing: Rig;
  let filling: Rig;

  beforeAll(async () => {
    rig = await createRig({ oem: { 'hook.yaml': PUT_FILE }, byHooks: PUT_BY_HOOK });
    failing = await createRig({ oem: { 'hook.yaml': FAILING }, byHooks: PUT_BY_HOOK });
    filling = await createRig({ oem: { 'hook.yaml': FILLING }, ballastBytes: 8 * 2 ** 20 });
  }, LONG);

  afterAll(async () => {
    await rig.destroy();
    await failing.destroy();
    await filling.destroy();
  });

  it('leaves an upgrade that is finished after the next boot', { timeout: LONG }, async () => {
    const scenario = upgradeScenario(rig, await rig.fresh());
    const { cuts, violations } = await cutAtEveryBoundary(rig, scenario, {
      level: 'power',
      ...sample(3),
    });
    expect(violations).toEqual([]);
    expect(cuts).toBeGreaterThan(12);
  });

  it(
    'leaves the undoing of an upgrade, which resume brings to its end',
    { timeout: LONG },
    async () => {
      const scenario = undoScenario(failing, await failing.fresh(), EXIT.afterUpgradeChroot);
      const tally = await cutAtEveryBoundary(failing, scenario, { level: 'power', ...sample(6) });
      expect(tally.violations).toEqual([]);
    },
  );

  it(
    'leaves the undoing of an upgrade of recovery, which resume brings to its end',
    { timeout: LONG },
    async () => {
      const scenario = undoRecoveryScenario(
        failing,
        await failing.fresh(),
        EXIT.afterUpgradeChroot,
      );
      const tally = await cutAtEveryBoundary(failing, scenario, { level: 'power', ...sample(10) });
      expect(tally.violations).toEqual([]);
      expect(tally.cuts).toBeGreaterThan(3);
    },
  );

  it(
    'leaves an upgrade that found the disk full, which is undone while it is full',
    { timeout: LONG },
    async () => {
      const exits = [EXIT.noSpace, EXIT.deployImage, 0];
      const scenario = fullDiskScenario(filling, await filling.fresh(), exits);
      const tally = await cutAtEveryBoundary(filling, scenario, { level: 'power', ...sample(9) });
      expect(tally.violations).toEqual([]);
      expect(tally.cuts).toBeGreaterThan(2);
    },
  );

  it('leaves a reset that recovery finishes', { timeout: LONG }, async () => {
    const scenario = resetScenario(rig, await rig.fresh());
    const tally = await cutAtEveryBoundary(rig, scenario, { level: 'power', ...sample(9) });
    expect(tally.violations).toEqual([]);
  });

  it('leaves an upgrade that was begun from passive', { timeout: LONG }, async () => {
    const scenario = upgradeFromPassiveScenario(rig, await rig.fresh());
    const tally = await cutAtEveryBoundary(rig, scenario, { level: 'power', ...sample(9) });
    expect(tally.violations).toEqual([]);
  });

  it.each(['active', 'recovery'] as const)(
    'leaves an upgrade of recovery that was begun from %s',
    { timeout: LONG },
    async (slot) => {
      const scenario = recoveryUpgradeScenario(rig, await rig.fresh(), slot);
      const tally = await cutAtEveryBoundary(rig, scenario, { level: 'power', ...sample(9) });
      expect(tally.violations).toEqual([]);
    },
  );

  it('leaves a deployment that recovery finishes', { timeout: LONG }, async () => {
    const scenario = await deployScenario(rig);
    const tally = await cutAtEveryBoundary(rig, scenario, { level: 'power', ...sample(9) });
    expect(tally.violations).toEqual([]);
  });

  it('leaves an upgrade whose resumption is cut as well', { timeout: LONG }, async () => {
    const scenario = upgradeScenario(rig, await rig.fresh());
    const cut = 'the command and what carries it on';
    const tally = await cutAtEveryBoundary(rig, scenario, { level: 'power', oneIn: 9, cut });
    expect(tally.violations).toEqual([]);
    expect(tally.cuts).toBeGreaterThan(8);
  });

  it('leaves a rollback that is finished after the next boot', { timeout: LONG }, async () => {
    const scenario = await rollbackScenario(rig);
    const tally = await cutAtEveryBoundary(rig, scenario, { level: 'power', ...sample(6) });
    expect(tally.violations).toEqual([]);
  });

  it('leaves an abort that is finished by abort or resume', { timeout: LONG }, async () => {
    const scenario = await abortScenario(rig);
    const tally = await cutAtEveryBoundary(rig, scenario, { level: 'power', ...sample(3) });
    expect(tally.violations).toEqual([]);
  });
});
