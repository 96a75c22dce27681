/** Plans: the operations of this machine carried out by the same engine on what is only imagined of it, noted, and forgotten. */
import { slotPath } from '../machines/slots.ts';
import type { Device } from '../machines/step.ts';
import { imaginedState } from '../state/imagined-access.ts';
import type { Plan } from '../state/records.ts';
import type { SegmentRecords } from '../state/segment.ts';
import type { OperationOutcome } from './cli/outcome.ts';
import type { OperationHooks, Services } from './cli/services.ts';
import { findDevice } from './engine/device.ts';
import type { Machinery } from './engine/machinery.ts';
import { recordedError, SlotwrightError } from './errors.ts';
import { menuFacts } from './inspect/menu-facts.ts';
import { nextBoot } from './inspect/next-boot.ts';
import { PlanNotes, type Start } from './inspect/plan-notes.ts';
import { planReport, type PlanReport } from './inspect/plan-report.ts';
import { stepTimes } from './inspect/step-times.ts';
import { lifecycleServices } from './lifecycle-services.ts';
import { dryRun } from './system/dry-run.ts';
import type { Clock, System } from './system/port.ts';

/** Takes what {@link lifecycleServices} takes, and gives an imagined machine to them. */
export function planService(machinery: Machinery, clock: Clock, menu?: string): Services['plan'] {
  return async (name, work, hooks) => {
    const history: SegmentRecords[] = [];
    const notes: PlanNotes = new PlanNotes(() => start());
    const dry = dryRun(machinery.system, {
      said: (sentence) => notes.said(sentence),
      took: (volume, bytes) => notes.took(volume, bytes),
      gaveBack: (volume, bytes, when) => notes.gaveBack(volume, bytes, when),
      changed: (volume, path) => notes.changed(volume, path),
      ran: (stage, files) => notes.ran(stage, files),
    });
    const starts = startsOf(dry.system);
    const start = (): Promise<Start | undefined> => starts.look();
    const state = imaginedState({
      state: machinery.state,
      files: dry.system.files,
      clock,
      opened: (stateAt, segments) => {
        starts.stateAt = stateAt;
        history.push(...segments);
      },
      recorded: (record) => notes.recorded(record),
      takes: (stateAt, bytes) => dry.hold(stateAt, bytes),
      published: () => notes.said('bring the registry and the copies of the log up to date'),
    });
    const imagined = lifecycleServices({ ...machinery, system: dry.system, state }, clock, menu);
    let end: Pick<PlanReport, 'operation' | 'outcome' | 'exit'> & Pick<OperationOutcome, 'error'>;
    try {
      end = await work(imagined, silent(hooks));
    } catch (error) {
      if (!(error instanceof SlotwrightError) || hooks.signal.aborted) throw error;
      const { exit } = error;
      end = { operation: name, outcome: 'refused', exit, error: recordedError(error) };
    } finally {
      await dry.release();
    }
    return planReport({
      operation: end.operation,
      outcome: end.outcome,
      exit: end.exit,
      error: end.error,
      notes,
      plans: plansIn(history, notes),
      times: stepTimes(history.map(({ records }) => records)),
      rooms: dry.volumes(),
    });
  };
}

/** Nothing happens, so nothing is shown as if it did. */
function silent({ signal, note }: Pick<OperationHooks, 'signal' | 'note'>): OperationHooks {
  const nothing = (): void => undefined;
  return { signal, note, step: nothing, progress: nothing, output: nothing, event: nothing };
}

function plansIn(
  history: readonly SegmentRecords[],
  { plans }: PlanNotes,
): ReadonlyMap<string, Plan> {
  const before = history.flatMap(({ segment, records }) =>
    records.flatMap(({ event }) =>
      event.type === 'operation.started' ? [[segment.id, event.plan] as const] : [],
    ),
  );
  return new Map([...before, ...plans]);
}

/** What the boot menu would start, looked at again and again. */
function startsOf(system: System): {
  stateAt: string | undefined;
  look(): Promise<Start | undefined>;
} {
  let device: Device | undefined;
  let present: string | undefined;
  return {
    stateAt: undefined,
    async look() {
      if (this.stateAt === undefined) return undefined;
      if (device === undefined) {
        try {
          device = { ...(await findDevice(system)), stateAt: this.stateAt };
        } catch (error) {
          // A disk that has no system yet.
          if (error instanceof SlotwrightError) return undefined;
          throw error;
        }
        present = await activeOn(system, device);
      }
      const { slot, why } = nextBoot(await menuFacts(system, device));
      const isNew = slot === 'active' && (await activeOn(system, device)) !== present;
      const active = isNew ? 'active (the new system)' : 'active (as it is)';
      return { slot, why, says: slot === 'active' ? active : slot };
    },
  };
}

async function activeOn({ files }: System, device: Device): Promise<string | undefined> {
  return (await files.stat(slotPath(device, 'active') ?? ''))?.id;
}
