/** What is recorded below the file system. */
import type { Judged } from '../../../src/proof/blocks/judge-states.ts';
import type { BlockTally } from '../../../src/proof/blocks/prove-blocks.ts';
import { PUT_BY_HOOK, PUT_FILE } from '../../../src/proof/cuts/hooks.ts';
import type { Rig } from '../../../src/proof/cuts/rig.ts';
import {
  abortScenario,
  deployScenario,
  recoveryUpgradeScenario,
  resetScenario,
  rollbackScenario,
  upgradeFromPassiveScenario,
  upgradeScenario,
  type Scenario,
} from '../../../src/proof/cuts/scenario.ts';
import { createRig } from './test-rig.ts';

/** Images as small as they can be: each is read for each state. */
export function createBlockRig(): Promise<Rig> {
  return createRig({
    oem: { 'hook.yaml': PUT_FILE },
    byHooks: PUT_BY_HOOK,
    mebibytes: { image: 5 },
    config: SMALLEST_IMAGES,
  });
}

const SMALLEST_IMAGES = `
upgrade:
  system: {size: 6}
  recovery-system: {size: 6}
reset:
  system: {size: 6}
`;

export interface BlockOperation {
  readonly name: string;
  readonly make: (rig: Rig) => Promise<Scenario>;
}

export const OPERATIONS: readonly BlockOperation[] = [
  { name: 'upgrade', make: async (rig) => upgradeScenario(rig, await rig.fresh()) },
  {
    name: 'upgrade from passive',
    make: async (rig) => upgradeFromPassiveScenario(rig, await rig.fresh()),
  },
  {
    name: 'upgrade of recovery',
    make: async (rig) => recoveryUpgradeScenario(rig, await rig.fresh(), 'active'),
  },
  {
    name: 'upgrade of recovery, which runs',
    make: async (rig) => recoveryUpgradeScenario(rig, await rig.fresh(), 'recovery'),
  },
  { name: 'reset', make: async (rig) => resetScenario(rig, await rig.fresh()) },
  { name: 'deploy', make: deployScenario },
  { name: 'rollback', make: rollbackScenario },
  { name: 'abort', make: abortScenario },
];

/** One line for people and for docs/power-loss.md. */
export function tell(name: string, states: Judged | BlockTally): void {
  const { judged, sights, how, looks, bad, violations, fallbacks, classes, seconds } = states;
  const requests = 'requests' in states ? `${String(states.requests)} requests, ` : '';
  const recoveries =
    'recoveries' in states ? `${String(states.recoveries)} switched on again, ` : '';
  process.stdout.write(
    `block states, ${name}: ${requests}${String(judged)} distinct states ` +
      `(pending writes: all ${String(how.all)}, none ${String(how.none)}, some ${String(how.some)}, one torn ${String(how.torn)}), ` +
      `${String(sights)} sights, ${String(looks.grub)} looks as GRUB, ${String(looks.kernel)} as the kernel, ` +
      `${String(classes.size)} classes, ${recoveries}${String(bad)} states with violations, ${String(violations.length)} violations, ` +
      `${String(fallbacks)} where GRUB needs its fallback, ${seconds.toFixed(0)} s\n`,
  );
}
