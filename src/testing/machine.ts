/** A machine in memory with the commands of the tool: what it does is what a real one would do, by the same engine and steps. */
import type { Controls, Machinery, Outcome } from '../engine/machinery.ts';
import { deployDevice } from '../engine/deploy.ts';
import { resetDevice } from '../engine/reset.ts';
import { abortDevice, resumeDevice } from '../engine/resume.ts';
import { rollbackDevice } from '../engine/rollback.ts';
import { upgradeDevice } from '../engine/upgrade.ts';
import { judgeCut, judgeEnd, type Before } from '../proof/laws.ts';
import { factsNow, runningContent } from '../proof/simulated-facts.ts';
import { faultySystem, type Fault } from '../system/faulty.ts';
import { boot } from '../system/simulated/cold-machine.ts';
import { SimulatedEventStore } from '../system/simulated/event-store.ts';
import type { SimulatedMachine } from '../system/simulated/machine.ts';
import { simulatedMachinery } from '../system/simulated/machinery.ts';
import { newMachine, type NewMachine } from '../system/simulated/new-machine.ts';
import { simulatedSystem } from '../system/simulated/system.ts';
import { findDevice } from '../engine/device.ts';
import { logOf, type FieldLog } from './field-log.ts';

/** Slots, files, hooks and sources of a machine. Without slots: versions `1` in active and passive, and a recovery system. */
export type Declared = Partial<NewMachine>;

/** What an operation may be told; the rest is as the tool does it by default. */
export interface Wish {
  readonly strict?: true;
  readonly force?: true;
}

export class TestMachine {
  /** The machine as it is now; another one after each boot. */
  simulated: SimulatedMachine;
  #before: Before;
  #fault: Fault | undefined;
  /** What a dead process left writable is given back by the next one. */
  #since: 'the end of a command' | 'a cut';

  /** `before`: what it was before the command that was cut. */
  constructor(simulated: SimulatedMachine, before?: Before) {
    this.simulated = simulated;
    this.#before = before ?? asItIs(simulated);
    this.#since = before === undefined ? 'the end of a command' : 'a cut';
  }

  /** `source`: path of one of the declared sources. */
  upgrade(source: string, wish: Wish = {}): Promise<Outcome> {
    return this.#begin((machinery, controls) =>
      upgradeDevice(
        machinery,
        { ...wishFor(source, wish), slot: 'active', squashOptions: [] },
        controls,
      ),
    );
  }

  upgradeRecovery(source: string, wish: Wish = {}): Promise<Outcome> {
    return this.#begin((machinery, controls) =>
      upgradeDevice(
        machinery,
        { ...wishFor(source, wish), label: 'COS_SYSTEM', slot: 'recovery', squashOptions: [] },
        controls,
      ),
    );
  }

  /** In recovery only, as on a real machine: declare `bootVariables: { saved_entry: 'recovery' }`. */
  reset(source: string, wish: Wish = {}): Promise<Outcome> {
    const over = wish.force === true ? 'everything' : 'nothing';
    return this.#begin((machinery, controls) =>
      resetDevice(machinery, { ...wishFor(source, wish), erase: [], over }, controls),
    );
  }

  deploy(source: string, wish: Wish = {}): Promise<Outcome> {
    return this.#begin((machinery, controls) =>
      deployDevice(machinery, wishFor(source, wish), controls),
    );
  }

  rollback(): Promise<Outcome> {
    return this.#begin((machinery, controls) => rollbackDevice(machinery, wishFor(''), controls));
  }

  resume(): Promise<Outcome> {
    return this.#run((machinery, controls) =>
      resumeDevice(machinery, { attempts: 'counted', reach: 'everything', by: 'hand' }, controls),
    );
  }

  abort(): Promise<Outcome> {
    return this.#run(abortDevice);
  }

  /** The next command runs into this; see {@link Fault}. */
  fault(fault: Fault): this {
    this.#fault = fault;
    return this;
  }

  /** Switched off in order and on again. Throws when nothing boots. */
  reboot(): this {
    this.simulated = switchedOn(boot(this.simulated.shutDown()));
    return this;
  }

  /** What was not durable is lost; then it is switched on again. */
  cutPower(): this {
    this.simulated = switchedOn(boot(this.simulated.cut('lost')));
    return this;
  }

  /** `active`, `passive` or `recovery`: what runs. */
  async runs(): Promise<string> {
    return (await findDevice(simulatedSystem(this.simulated))).bootedFrom;
  }

  /** Text of a file, in the running system or, by its mounted place, elsewhere. */
  read(path: string): Promise<string | undefined> {
    return simulatedSystem(this.simulated).files.readText(path);
  }

  /** Its history so far. */
  async log(): Promise<FieldLog> {
    const { stateAt } = await this.#device();
    const store = new SimulatedEventStore(this.simulated, stateAt, 'read');
    return logOf({ segments: await store.all(), gaps: [], redacted: [] });
  }

  /** Laws that are broken now, one sentence each: as after a cut while something is owed, as at the end when nothing is. */
  async brokenLaws(): Promise<readonly string[]> {
    const { operations } = await this.log();
    const owes = operations.some(({ outcome }) => outcome === 'unfinished');
    const judge = owes || this.#since === 'a cut' ? judgeCut : judgeEnd;
    const found = judge(factsNow(this.simulated), this.#before);
    return found.map(({ law, sentence }) => `law ${law}: ${sentence}`);
  }

  /** What it was before the operation that is judged: {@link crashPoints} hands it on. */
  get before(): Before {
    return this.#before;
  }

  async #device(): Promise<{ readonly stateAt: string }> {
    const { state } = await findDevice(simulatedSystem(this.simulated));
    return { stateAt: state.mountedAt ?? '/run/cos/state' };
  }

  async #begin(
    command: (machinery: Machinery, controls: Controls) => Promise<Outcome>,
  ): Promise<Outcome> {
    this.#before = asItIs(this.simulated);
    return this.#run(command);
  }

  async #run(
    command: (machinery: Machinery, controls: Controls) => Promise<Outcome>,
  ): Promise<Outcome> {
    const machinery = simulatedMachinery(this.simulated, 'slotwright/testing');
    const fault = this.#fault;
    this.#fault = undefined;
    const system =
      fault === undefined ? machinery.system : faultySystem(machinery.system, fault).system;
    const signal = new AbortController().signal;
    const outcome = await command({ ...machinery, system }, { signal, observer: {} });
    this.#since = 'the end of a command';
    return outcome;
  }
}

/** A machine that was installed and started. Throws when nothing on it boots. */
export function machine(declared: Declared = {}): TestMachine {
  const slots = { active: '1', passive: '1', recovery: 'recovery' };
  return new TestMachine(newMachine({ slots, ...declared }));
}

function asItIs(simulated: SimulatedMachine): Before {
  const running = runningContent(simulated);
  return {
    facts: factsNow(simulated),
    ...(running === undefined ? {} : { lastGood: running }),
    hookFiles: simulated.surroundings.hooks.flatMap(({ writes }) => Object.keys(writes ?? {})),
  };
}

function switchedOn(simulated: SimulatedMachine | undefined): SimulatedMachine {
  if (simulated === undefined) throw new Error('nothing on this machine boots');
  return simulated;
}

function wishFor(path: string, { strict, force }: Wish = {}) {
  return {
    source: { kind: 'dir', path, uri: `dir:${path}` },
    label: 'COS_ACTIVE',
    passiveLabel: 'COS_PASSIVE',
    fs: 'ext2',
    sizeBytes: 0,
    strict: strict === true,
    extraPaths: [],
    date: '2026-01-01T00:00:00Z',
    attempts: 3,
    again: force === true ? 'yes' : 'no',
  } as const;
}
