/** A simulated machine as the engine works on it. */
import { createHash } from 'node:crypto';
import type { Machinery } from '../../engine/machinery.ts';
import { simulatedIds } from './clock.ts';
import type { SimulatedMachine } from './machine.ts';
import { simulatedState } from './state-access.ts';
import { simulatedSystem } from './system.ts';

export function simulatedMachinery(machine: SimulatedMachine, tool: string): Machinery {
  return {
    system: simulatedSystem(machine),
    state: simulatedState(machine),
    ids: simulatedIds(machine),
    tool,
    digest: (text) => createHash('sha256').update(text).digest('hex'),
  };
}
