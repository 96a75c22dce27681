/** The services of a simulated machine: real engine, real log, no disks. */
import type { Services } from '../../src/cli/services.ts';
import { lifecycleServices } from '../../src/lifecycle-services.ts';
import { logServices } from '../../src/log-services.ts';
import { planService } from '../../src/plan-services.ts';
import { simulatedClock } from '../../src/system/simulated/clock.ts';
import type { SimulatedMachine } from '../../src/system/simulated/machine.ts';
import { machineryOf } from '../support/simulated/commands.ts';

export function simulatedServices(machine: SimulatedMachine): Partial<Services> {
  const machinery = machineryOf(machine);
  const clock = simulatedClock(machine);
  return {
    ...lifecycleServices(machinery, clock),
    ...logServices(machinery),
    plan: planService(machinery, clock),
  };
}
