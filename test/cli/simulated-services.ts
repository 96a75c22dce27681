/** The services of a simulated machine: real engine, real log, no disks. */
import type { OperationOutcome } from '../../src/cli/outcome.ts';
import type { OperationHooks, Services } from '../../src/cli/services.ts';
import {
  abortDevice,
  resumeDevice,
  upgradeDevice,
  type Controls,
  type Outcome,
} from '../../src/engine/lifecycle.ts';
import { openForReading, type Session } from '../../src/engine/session.ts';
import { historyRows } from '../../src/inspect/history-rows.ts';
import { operationTimeline } from '../../src/inspect/operation-timeline.ts';
import { rebootPending, slotViews, type SlotEvidence } from '../../src/inspect/slot-views.ts';
import { statusReport } from '../../src/inspect/status-report.ts';
import type { SimulatedMachine } from '../../src/system/simulated/machine.ts';
import { projectRegistry } from '../../state/projections.ts';
import { lookAtSlots } from '../../machines/slots.ts';
import { machineryOf, wishFor } from '../support/simulated/commands.ts';

export function simulatedServices(machine: SimulatedMachine): Partial<Services> {
  const machinery = machineryOf(machine);
  async function reading<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = await openForReading(machinery.system, machinery.state);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }
  const evidenceOf = async ({ device, segments }: Session): Promise<SlotEvidence> => ({
    slots: await lookAtSlots(machinery.system, device),
    registry: projectRegistry(segments.map(({ records, ...segment }) => ({ segment, records }))),
    device,
  });
  async function operate(
    hooks: OperationHooks,
    work: (controls: Controls) => Promise<Outcome>,
  ): Promise<OperationOutcome> {
    const end = await work({ signal: hooks.signal, observer: hooks });
    const slots = await reading(async (session) => slotViews(await evidenceOf(session)));
    return {
      operation: end.operation,
      outcome: end.outcome,
      exit: end.exit,
      reported: [...end.reported],
      slots,
      rebootPending: rebootPending(slots),
      durationMs: 0,
      ...(end.id === undefined ? {} : { id: end.id }),
      ...(end.error === undefined ? {} : { error: end.error }),
    };
  }
  return {
    upgrade: ({ source, strict }, hooks) =>
      operate(hooks, (controls) =>
        upgradeDevice(machinery, wishFor(source.path, { strict }), controls),
      ),
    resume: (_, hooks) =>
      operate(hooks, (controls) => resumeDevice(machinery, { attempts: 'counted' }, controls)),
    abort: (hooks) => operate(hooks, (controls) => abortDevice(machinery, controls)),
    status: () =>
      reading(async (session) =>
        statusReport({
          evidence: await evidenceOf(session),
          segments: session.segments,
          judge: { kind: 'none', reason: 'the simulated boot loader does not count' },
        }),
      ),
    history: () => reading(async ({ segments }) => historyRows(segments)),
    historyOf: (asked) =>
      reading(async ({ segments }) => {
        const found = segments.find(({ number }) => String(number) === asked) ?? segments.at(-1);
        if (found === undefined) throw new Error('nothing was recorded');
        return operationTimeline(found);
      }),
  };
}
