/**
 * Carries an operation out once more on a simulated machine, by the real engine and the real steps, through everything that its log says
 * was done to it; or through that up to one record, and another fate from there on.
 */
import { upgradeRequest, type UpgradeRequest } from '../../machines/upgrade-request.ts';
import type { EventRecord, LifecycleEvent } from '../../state/records.ts';
import { deployDevice } from '../engine/deploy.ts';
import type { ImageWish } from '../engine/image-request.ts';
import type { Controls, Machinery, Outcome } from '../engine/machinery.ts';
import { resetDevice } from '../engine/reset.ts';
import { abortDevice, resumeDevice } from '../engine/resume.ts';
import { rollbackDevice } from '../engine/rollback.ts';
import type { StateAccess } from '../engine/session.ts';
import { upgradeDevice } from '../engine/upgrade.ts';
import { InterruptedError, SystemError, UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { runningContent } from '../proof/simulated-facts.ts';
import { interposed } from '../system/interposed.ts';
import { boot, type ColdMachine } from '../system/simulated/cold-machine.ts';
import type { SimulatedMachine } from '../system/simulated/machine.ts';
import { simulatedMachinery } from '../system/simulated/machinery.ts';
import { newMachine } from '../system/simulated/new-machine.ts';
import { courseOf, isOfCourse } from './course.ts';
import { armedBy, type Fate } from './fate.ts';
import { BEFORE_AT, isPending, machineOf, SOURCE_AT } from './machine-of.ts';
import { scriptOf, type Process, type Script } from './script.ts';

export interface Rerun {
  /** What the simulated machine recorded. */
  readonly course: readonly EventRecord[];
  /** How the last process ended, where it did. */
  readonly outcome?: Outcome;
  /** Processes that worked on it. */
  readonly processes: number;
  /** The machine before. */
  readonly start: { readonly cold: ColdMachine; readonly running: string };
  /** What the machine is then, switched off; absent when nothing boots. */
  readonly cold?: ColdMachine;
}

/** `fate`: what happens after that place of the course instead of what was recorded. */
export async function runAgain(
  records: readonly EventRecord[],
  fate?: { readonly after: number; readonly what: Fate },
): Promise<Rerun> {
  const course = courseOf(records);
  const started = course[0]?.event;
  if (started?.type !== 'operation.started') throw notWhole();
  const request = upgradeRequest.safeParse(started.request);
  const begin = BEGINNINGS[started.operation];
  if (begin === undefined || !request.success) throw notOfImages(started.operation);
  const machine = newMachine(machineOf(started.inventory, request.data, records));
  if (isPending(started.inventory)) await replaceActive(machine, request.data);
  const run = new Run(machine, (machinery, controls) => begin(machinery, request.data, controls));
  const start = { cold: machine.cut('kept'), running: runningContent(machine) ?? '' };
  return { ...(await run.through(scriptOf(course), fate)), start };
}

async function replaceActive(machine: SimulatedMachine, request: UpgradeRequest): Promise<void> {
  const wish = wishOf(request);
  await upgradeDevice(
    simulatedMachinery(machine, TOOL),
    { ...wish, source: { ...wish.source, kind: 'dir', path: BEFORE_AT } },
    { signal: new AbortController().signal, observer: {} },
  );
}

const TOOL = 'slotwright, simulated';

type Begin = (
  machinery: Machinery,
  request: UpgradeRequest,
  controls: Controls,
) => Promise<Outcome>;

const BEGINNINGS: Readonly<Record<string, Begin>> = {
  upgrade: (machinery, request, controls) => upgradeDevice(machinery, wishOf(request), controls),
  'upgrade-recovery': (machinery, request, controls) =>
    upgradeDevice(machinery, wishOf(request), controls),
  reset: (machinery, request, controls) =>
    resetDevice(machinery, { ...wishOf(request), erase: request.erase, over: 'nothing' }, controls),
  deploy: (machinery, request, controls) =>
    deployDevice(machinery, { ...wishOf(request), again: 'yes' }, controls),
  rollback: (machinery, request, controls) => rollbackDevice(machinery, wishOf(request), controls),
};

function wishOf(request: UpgradeRequest) {
  const { source, image, grubEntryName } = request;
  const wish: ImageWish = {
    source: { kind: source.kind, path: SOURCE_AT, uri: source.uri },
    label: image.label,
    passiveLabel: request.passiveLabel,
    fs: image.fs,
    sizeBytes: image.bytes,
    strict: request.strict,
    extraPaths: [],
    date: request.date,
    attempts: request.attempts,
    ...(grubEntryName === undefined ? {} : { grubEntryName }),
  };
  const { slot, squashOptions } = request;
  return { ...wish, slot, squashOptions, again: 'no' as const };
}

/** Thrown where a simulated process ends; its machine goes on in `left`. */
class Ended extends Error {}

/** More than any operation needs to come to its end, once nothing happens to it any more. */
const MOST_RESUMES = 6;

class Run {
  private machine: SimulatedMachine | undefined;
  private readonly begin: (machinery: Machinery, controls: Controls) => Promise<Outcome>;
  private readonly course: EventRecord[] = [];
  private processes = 0;
  private outcome: Outcome | undefined;
  /** What the next call that fits runs into. */
  private armed: { readonly fits: (call: string) => boolean; readonly error: Error } | undefined;
  private stop = new AbortController();

  constructor(machine: SimulatedMachine, begin: Run['begin']) {
    this.machine = machine;
    this.begin = begin;
  }

  async through(
    script: Script,
    fate?: { readonly after: number; readonly what: Fate },
  ): Promise<Omit<Rerun, 'start'>> {
    for (const process of script.processes) {
      if (fate !== undefined && process.from > fate.after) break;
      if (process.rebooted === 'yes') this.reboot();
      await this.carry(process, script, fate);
    }
    if (fate !== undefined) await this.toItsEnd();
    const cold = this.machine?.shutDown();
    return {
      course: this.course,
      processes: this.processes,
      ...(this.outcome === undefined ? {} : { outcome: this.outcome }),
      ...(cold === undefined ? {} : { cold }),
    };
  }

  private async toItsEnd(): Promise<void> {
    for (let count = 0; count < MOST_RESUMES; count += 1) {
      if (this.course.at(-1)?.event.type === 'operation.completed') return;
      const resume: Process = { command: 'resume', rebooted: 'no', from: this.course.length };
      await this.carry(resume, { processes: [], troubles: [], interruptions: [] });
    }
  }

  /** Switched off in order; where the power went, it is off already. */
  private reboot(): void {
    const cold = this.machine?.shutDown();
    this.machine = cold === undefined ? undefined : boot(cold);
  }

  private async carry(
    process: Process,
    script: Script,
    fate?: { readonly after: number; readonly what: Fate },
  ): Promise<void> {
    const { machine } = this;
    if (machine === undefined) return;
    this.processes += 1;
    this.stop = new AbortController();
    this.outcome = undefined;
    const appended = (event: LifecycleEvent, place: number): void => {
      // Of what one step ran into, nothing is left for the next.
      if (fate === undefined || place <= fate.after) this.armed = undefined;
      if (fate?.after === place) {
        this.befall(fate.what, machine);
        return;
      }
      if (fate !== undefined && place > fate.after) return;
      const trouble = script.troubles.find(({ after }) => after === place);
      if (trouble !== undefined) {
        this.armed = { fits: () => true, error: new SystemError(trouble.error) };
      }
      const { end } = process;
      if (end?.how === 'signal') this.interruptBefore(script, place);
      if (end?.after !== place) return;
      if (end.how === 'kill') this.befall('kill', machine);
      if (end.how === 'power') this.befall('power', machine);
    };
    const machinery = this.machineryOn(machine, appended);
    const controls: Controls = { signal: this.stop.signal, observer: {} };
    try {
      this.outcome = await this.command(process, machinery, controls);
    } catch (error) {
      // An error on the way out of a process that is dead says nothing.
      if (this.machine === machine) throw error;
    }
  }

  private command(
    { command }: Process,
    machinery: Machinery,
    controls: Controls,
  ): Promise<Outcome> {
    if (command === 'begin') return this.begin(machinery, controls);
    if (command === 'abort') return abortDevice(machinery, controls);
    const attempts = command === 'resume' ? 'counted' : 'once-more';
    return resumeDevice(machinery, { attempts, reach: 'everything', by: 'hand' }, controls);
  }

  private interruptBefore(script: Script, place: number): void {
    if (!script.interruptions.includes(place + 1)) return;
    const error = new InterruptedError({
      code: 'interrupted',
      message: 'stopped, as recorded',
      exit: EXIT.interrupted,
    });
    this.stop.abort(error);
    this.armed = { fits: () => true, error };
  }

  private befall(what: Fate, machine: SimulatedMachine): void {
    if (what === 'kill' || what === 'power') {
      this.machine = what === 'kill' ? machine.kill() : boot(machine.cut('lost'));
      throw new Ended(what);
    }
    this.armed = armedBy(what);
  }

  private machineryOn(
    machine: SimulatedMachine,
    appended: (event: LifecycleEvent, place: number) => void,
  ): Machinery {
    const plain = simulatedMachinery(machine, TOOL);
    const system = interposed(plain.system, (call) => {
      const { armed } = this;
      if (armed?.fits(call) !== true) return;
      this.armed = undefined;
      throw armed.error;
    });
    let dead: Ended | undefined;
    const watched: StateAccess = {
      ...plain.state,
      open: async (stateAt, access, lost) => {
        const opened = await plain.state.open(stateAt, access, lost);
        const append = opened.store.append.bind(opened.store);
        opened.store.append = async (event) => {
          if (dead !== undefined) throw dead;
          const record = await append(event);
          if (!isOfCourse(event)) return record;
          this.course.push(record);
          try {
            appended(event, this.course.length - 1);
          } catch (error) {
            if (error instanceof Ended) dead = error;
            throw error;
          }
          return record;
        };
        return opened;
      },
    };
    return { ...plain, system, state: watched };
  }
}

function notWhole(): UsageError {
  return new UsageError({
    code: 'not-replayable',
    message: 'this operation cannot be carried out again',
    reason: 'its first record is not in the log',
    hint: 'replay it without --on simulated',
    exit: EXIT.logForeign,
  });
}

function notOfImages(operation: string): UsageError {
  return new UsageError({
    code: 'not-replayable',
    message: `"${operation}" cannot be carried out again on a simulated machine`,
    reason: `that is known of ${Object.keys(BEGINNINGS).join(', ')}`,
    hint: 'replay it without --on simulated',
    exit: EXIT.unsupported,
  });
}
