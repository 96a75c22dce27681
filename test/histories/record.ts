/**
 * `npm run histories`: records what this version does on a loop disk, for every later version to replay; before a release. Each operation loses
 * power once, is carried on, and its history is kept as a bundle in the folder of this version.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import packageFile from '../../package.json' with { type: 'json' };
import { slotThatBoots } from '../../src/proof/cuts/cut.ts';
import { FAILING, PUT_BY_HOOK, PUT_FILE } from '../../src/proof/cuts/hooks.ts';
import { createRig, type Rig } from '../../src/proof/cuts/rig.ts';
import {
  abortScenario,
  begin,
  deployScenario,
  recoveryUpgradeScenario,
  resetScenario,
  rollbackScenario,
  undoScenario,
  upgradeFromPassiveScenario,
  upgradeScenario,
  type Scenario,
} from '../../src/proof/cuts/scenario.ts';
import { runUntilRecord } from '../../src/proof/cuts/stop.ts';
import { EXIT } from '../../src/exit-codes.ts';
import { cutPower } from '../../src/sandbox/power.ts';

import { keepLog } from '../vm/keep-log.ts';

const FOLDER = path.resolve('test/histories', packageFile.version);

/** Records after which the power goes: in the middle, and close to the switch. */
const CUTS = [20, 34];

async function main(): Promise<void> {
  const common = { byHooks: PUT_BY_HOOK, program: () => path.resolve('dist/slotwright.cjs') };
  const rig = await createRig({ ...common, oem: { 'hook.yaml': PUT_FILE } });
  const failing = await createRig({ ...common, oem: { 'hook.yaml': FAILING } });
  try {
    await record(rig, 'upgrade', upgradeScenario(rig, await rig.fresh()));
    await record(rig, 'upgrade-from-passive', upgradeFromPassiveScenario(rig, await rig.fresh()));
    const recovery = recoveryUpgradeScenario(rig, await rig.fresh(), 'active');
    await record(rig, 'upgrade-recovery', recovery);
    await record(rig, 'reset', resetScenario(rig, await rig.fresh()));
    await record(rig, 'deploy', await deployScenario(rig));
    await record(rig, 'rollback', await rollbackScenario(rig), [10]);
    await record(rig, 'abort', await abortScenario(rig), [3]);
    const undo = undoScenario(failing, await failing.fresh(), EXIT.afterUpgradeChroot);
    await record(failing, 'undo', undo, [26]);
  } finally {
    await rig.destroy();
    await failing.destroy();
  }
}

async function record(
  rig: Rig,
  name: string,
  scenario: Scenario,
  cuts: readonly number[] = CUTS,
): Promise<void> {
  for (const cut of cuts) {
    const disk = await begin(rig, scenario, cut);
    let booted = await rig.boot(disk, scenario.slot ?? 'active');
    const stopped = await runUntilRecord(booted, scenario.command, cut);
    if ('tool' in stopped) {
      await cutPower(booted);
      await stopped.outcome;
      const slot = scenario.slot ?? slotThatBoots(await rig.facts(disk));
      if (slot === undefined) throw new Error(`${name}: nothing boots`);
      booted = await rig.boot(disk, slot);
      await booted.run(scenario.carryOn[0] ?? []);
    }
    await booted.shutdown();
    await keepLog(FOLDER, `${name}-cut-after-${String(cut)}`, (await rig.facts(disk)).log);
    await rm(disk.path);
    process.stdout.write(`${name}, cut after ${String(cut)}\n`);
  }
}

await main();
