/** Logs to look at: operations of simulated machines, as a session reads them. */
import { foldOperation } from '../../../src/engine/fold.ts';
import type { ReadSegment } from '../../../src/inspect/history-rows.ts';
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import { simulatedState } from '../../../src/system/simulated/state-access.ts';

/** Every segment of the log of this machine, oldest first. */
export async function segmentsOf(machine: SimulatedMachine): Promise<ReadSegment[]> {
  const { store } = await simulatedState(machine).open('/run/initramfs/cos-state', 'read');
  const segments = [];
  for (const name of await store.segments()) {
    const records = await store.read(name.segment);
    segments.push({ ...name, records, state: foldOperation(records) });
  }
  return segments;
}
