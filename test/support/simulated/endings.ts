/** What one moment may leave behind: the power cut, with three fates for what was not settled, and the tool killed. */
import { boot, type ColdMachine } from '../../../src/system/simulated/cold-machine.ts';
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import { fingerprint } from './fingerprint.ts';

export interface Left {
  readonly how: string;
  /** The disks, where the power was cut. */
  readonly cold: ColdMachine | undefined;
  /** The machine that carries on; `undefined` when nothing boots. */
  readonly machine: () => SimulatedMachine | undefined;
  /** Equal when nothing can tell two of them apart. */
  readonly key: string;
}

export function endings(machine: SimulatedMachine): readonly Left[] {
  const cuts = (['lost', 'kept', 'torn'] as const).map((data): Left => {
    const cold = machine.cut(data);
    return { how: `cut, data ${data}`, cold, machine: () => boot(cold), key: fingerprint(cold) };
  });
  const dead = machine.kill();
  const modes = dead.roles().map((role) => dead.disk(role).mode);
  const key = `killed ${modes.join()} ${fingerprint(dead.cut('kept'))}`;
  return [...cuts, { how: 'killed', cold: undefined, machine: () => dead, key }];
}
