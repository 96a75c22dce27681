/** Time and ids of a simulated machine: they count, so the same story always gives the same log. */
import type { Clock, Ids } from '../port.ts';
import type { SimulatedMachine } from './machine.ts';

export function simulatedClock(machine: SimulatedMachine): Clock {
  const tick = (): number => {
    machine.ticks += 1;
    return machine.ticks;
  };
  return {
    now: () => new Date(Date.UTC(2026, 0, 1) + tick() * 1000).toISOString(),
    monotonic: () => machine.ticks * 1000,
  };
}

export function simulatedIds(machine: SimulatedMachine): Ids {
  return {
    next() {
      machine.ticks += 1;
      return `sim${String(machine.ticks).padStart(5, '0')}`;
    },
  };
}
