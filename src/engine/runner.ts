/**
 * Carries an operation from wherever its log stands to its end. For each owed step: record the start, hold what the step
 * needs, run it, settle, record the result, move. Write-ahead throughout (law 4): the engine contains no crash points of its own,
 * because everything it knows it reads back from the log.
 */
import type { EventStore } from '../../state/event-store.ts';
import type { Inventory, JsonValue, LifecycleEvent } from '../../state/records.ts';
import type { Device, Operation, Step, StepContext } from '../../machines/step.ts';
import type { Progress, System } from '../system/port.ts';
import { EXIT } from '../exit-codes.ts';
import { recordedError, SlotwrightError, type RecordedError } from '../errors.ts';
import { landing, next, type OperationState } from './fold.ts';
import {
  isBeforePivot,
  ROLLED_BACK,
  stateOf,
  type MachineEvent,
  type Owed,
} from './operation-machine.ts';
import { createResourceStack, type ResourceStack } from './resource-stack.ts';

/** Starts of one step that came to nothing before it is not tried again. */
export const MAX_ATTEMPTS = 3;

/** What a run shows to whoever watches; never authoritative. */
export interface Observer {
  readonly step?: (owed: Owed, title: string, index: number, count: number) => void;
  readonly progress?: (progress: Progress) => void;
  readonly output?: (text: string) => void;
  readonly event?: (event: LifecycleEvent) => void;
}

export interface Run {
  readonly store: EventStore;
  readonly system: System;
  readonly device: Device;
  readonly operation: Operation;
  readonly state: OperationState;
  readonly inventory: () => Promise<Inventory>;
  readonly signal: AbortSignal;
  readonly observer: Observer;
}

/** How a run ended. `attention`: something is owed that this process could not do; the error says what. */
export type RunEnd =
  | {
      readonly outcome: 'completed' | 'rolled-back';
      readonly state: OperationState;
      readonly error?: RecordedError;
    }
  | { readonly outcome: 'interrupted'; readonly state: OperationState }
  | {
      readonly outcome: 'attention';
      readonly state: OperationState;
      readonly error: RecordedError;
    };

export async function run(input: Run): Promise<RunEnd> {
  const runner = new Runner(input);
  return runner.toTheEnd();
}

class Runner {
  private state: OperationState;
  private readonly input: Run;
  private readonly stack: ResourceStack;

  constructor(input: Run) {
    this.input = input;
    this.state = input.state;
    this.stack = createResourceStack(input.operation.resources, (event) => this.append(event));
  }

  async toTheEnd(): Promise<RunEnd> {
    await this.reconsiderInterrupted();
    for (;;) {
      const { owed } = this.state;
      if (owed === undefined) return this.finish();
      if (this.input.signal.aborted) return this.interrupted();
      const stop = await this.refusePoison(owed);
      if (stop !== undefined) return stop;
      if (this.state.owed !== owed) continue;
      const end = await this.perform(owed, this.stepNamed(owed.step));
      if (end !== undefined) return end;
    }
  }

  /** A step that was begun by an earlier process and cannot be continued spoils its target. */
  private async reconsiderInterrupted(): Promise<void> {
    const { owed, context } = this.state;
    if (owed === undefined || context.running === null || owed.phase === 'undo') return;
    const planned = this.state.started.plan.steps.find((step) => step.name === owed.step);
    if (planned?.discardTo === undefined) return;
    await this.move({
      type: 'target.spoiled',
      step: owed.step,
      generation: context.generation + 1,
      reason: `"${owed.step}" was interrupted and cannot be continued`,
    });
  }

  /** A step that died again and again is not tried once more: undo before the pivot, stop after it. */
  private async refusePoison(owed: Owed): Promise<RunEnd | undefined> {
    const attempts = this.state.context.attempts[stateOf(owed)] ?? 0;
    if (attempts < MAX_ATTEMPTS) return undefined;
    const reason = `"${stateOf(owed)}" was started ${attempts} times and never came to a result`;
    if (owed.phase === 'run' && isBeforePivot(this.state.started.plan, owed.step)) {
      await this.move({ type: 'rollback.requested', by: 'attempts', reason });
      return undefined;
    }
    return this.attention({
      code: 'attempts-exhausted',
      message: reason,
      hint: 'look at "slotwright status"; "slotwright resume --force" tries once more',
      exit: EXIT.attention,
    });
  }

  private async perform(owed: Owed, step: Step): Promise<RunEnd | undefined> {
    const context = this.contextFor();
    const skipped = owed.phase === 'run' ? step.skip?.(context) : undefined;
    if (skipped !== undefined) {
      await this.complete(owed, 'skipped', null, skipped);
      return undefined;
    }
    const { steps } = this.state.started.plan;
    this.input.observer.step?.(
      owed,
      step.title,
      steps.findIndex((s) => s.name === owed.step),
      steps.length,
    );
    const attempt = (this.state.context.attempts[stateOf(owed)] ?? 0) + 1;
    await this.move({ type: 'step.started', ...owed, attempt });
    let output: JsonValue;
    try {
      const undoes = owed.phase === 'undo';
      await this.stack.align(undoes ? (step.undoNeeds?.(context) ?? []) : step.needs, context);
      // Nothing of ours may keep the file system open while a step makes it current (architecture section 5).
      await this.input.store.release();
      output = (await (owed.phase === 'run' ? step.run(context) : step.undo?.(context))) ?? null;
      await this.settle(step, context);
    } catch (error) {
      if (this.input.signal.aborted) return this.interrupted();
      // The plan goes on after this failure: what the step did until then stays, so it must be durable as well.
      if (step.onFailure === 'report') {
        try {
          await this.settle(step, context);
        } catch (unsettled) {
          return this.attention(recordedError(unsettled));
        }
      }
      return this.failed(owed, error);
    }
    await this.complete(owed, 'ran', output);
    return undefined;
  }

  private async settle(step: Step, context: StepContext): Promise<void> {
    const touched = step.touches?.(context) ?? [this.input.device.stateAt];
    if (touched.length > 0) await this.input.system.settle.sync(touched);
  }

  private async complete(
    owed: Owed,
    how: 'ran' | 'skipped',
    output: JsonValue,
    reason?: string,
  ): Promise<void> {
    await this.move({
      type: 'step.completed',
      ...owed,
      how,
      ...(reason === undefined ? {} : { reason }),
      output,
    });
  }

  private async failed(owed: Owed, error: unknown): Promise<RunEnd | undefined> {
    const recorded = recordedError(error);
    const before = this.state.state;
    await this.move({ type: 'step.failed', ...owed, error: recorded });
    // The machine stayed: past the pivot, or while undoing. Only another try can help.
    return this.state.state === before ? this.attention(recorded) : undefined;
  }

  private async finish(): Promise<RunEnd> {
    const outcome = this.state.state === ROLLED_BACK ? 'rolled-back' : 'completed';
    const { failure, reported } = this.state.context;
    if (this.state.completed === undefined) {
      try {
        await this.stack.align([], this.contextFor());
        for (const { reclaim } of this.input.operation.resources) {
          await reclaim?.(this.contextFor());
        }
      } catch (error) {
        return { outcome: 'attention', state: this.state, error: recordedError(error) };
      }
      await this.append({
        type: 'operation.completed',
        outcome,
        reported,
        inventory: await this.input.inventory(),
      });
    }
    return {
      outcome,
      state: this.state,
      ...(outcome === 'rolled-back' && failure !== null ? { error: failure.error } : {}),
    };
  }

  private async interrupted(): Promise<RunEnd> {
    const reason: unknown = this.input.signal.reason;
    await this.append({
      type: 'operation.interrupted',
      reason: reason instanceof Error ? reason.message : String(reason),
    });
    await this.releaseAll();
    return { outcome: 'interrupted', state: this.state };
  }

  private async attention(error: RecordedError): Promise<RunEnd> {
    await this.releaseAll();
    return { outcome: 'attention', state: this.state, error };
  }

  /** What cannot be released now dies with this process's mount namespace; the error that brought us here counts more. */
  private async releaseAll(): Promise<void> {
    try {
      await this.stack.align([], this.contextFor(new AbortController().signal));
    } catch (error) {
      if (!(error instanceof SlotwrightError)) throw error;
      this.input.observer.output?.(`could not release everything: ${error.message}\n`);
    }
  }

  /** Records a machine event, with the state it leads to, then follows it. */
  private async move(event: Unlanded): Promise<void> {
    if (event.type === 'rollback.requested') {
      await this.append(event);
      return;
    }
    const to = landing(this.state, { ...event, to: '' });
    await this.append({ ...event, to });
  }

  private async append(event: LifecycleEvent): Promise<void> {
    const record = await this.input.store.append(event);
    this.state = next(this.state, record);
    this.input.observer.event?.(event);
  }

  private contextFor(signal = this.input.signal): StepContext {
    const { input, state } = this;
    return {
      operation: state.started.operation,
      id: state.id,
      system: input.system,
      device: input.device,
      request: state.started.request,
      output: (step) => this.state.context.outputs[step],
      generation: state.context.generation,
      signal,
      report: (progress) => input.observer.progress?.(progress),
      emit: async (event) => {
        await this.append(event);
        // A hook may remount what the log lies on.
        await input.store.release();
      },
      show: (text) => input.observer.output?.(text),
    };
  }

  private stepNamed(name: string): Step {
    const step = this.input.operation.steps.find((candidate) => candidate.name === name);
    if (step !== undefined) return step;
    throw new SlotwrightError({
      code: 'step-unknown',
      message: `this version of the tool does not know the step "${name}"`,
      reason: 'the operation was planned by another version',
      hint: 'continue with that version, or run "slotwright abort"',
      exit: EXIT.logForeign,
    });
  }
}

type WithoutLanding<E> = E extends { to: string } ? Omit<E, 'to'> : E;
type Unlanded = WithoutLanding<Exclude<MachineEvent, { type: 'operation.interrupted' }>>;
