/** What is noted while an operation is imagined: each effect to the step that would have it. */
import type { EventRecord, JsonValue, Phase, Plan } from '../../state/records.ts';

interface Named {
  readonly name: string;
}

/** What the boot menu would start. */
export interface Start {
  readonly slot: string;
  readonly why: string;
  /** The slot and which system it holds, in words. */
  readonly says: string;
}

export interface NotedStep {
  /** Id of its operation. */
  readonly operation: string;
  readonly step: string;
  readonly phase: Phase;
  readonly sentences: string[];
  readonly took: Map<string, number>;
  readonly changes: { readonly fileSystem: string; readonly path: string }[];
  readonly before: Start | undefined;
  after?: Start | undefined;
  hooks?: { readonly stage: string; readonly files: readonly string[] };
  end: 'began' | 'ran' | 'skipped' | 'failed';
  reason?: string;
  output: JsonValue;
}

export class PlanNotes {
  readonly steps: NotedStep[] = [];
  /** Before the first step, and after the last. */
  readonly opening: string[] = [];
  readonly closing: string[] = [];
  readonly plans = new Map<string, Plan>();
  readonly returned = new Map<string, { now: number; later: number }>();
  readonly written = new Map<string, number>();
  recordedBytes = 0;
  resumed: string | undefined;
  start: Start | undefined;
  private current: NotedStep | undefined;
  private readonly look: () => Promise<Start | undefined>;

  constructor(look: () => Promise<Start | undefined>) {
    this.look = look;
  }

  said(sentence: string): void {
    const outside = this.steps.length === 0 ? this.opening : this.closing;
    (this.current?.sentences ?? outside).push(sentence);
  }

  took({ name }: Named, bytes: number): void {
    this.written.set(name, (this.written.get(name) ?? 0) + bytes);
    const { took } = this.current ?? {};
    took?.set(name, (took.get(name) ?? 0) + bytes);
  }

  gaveBack({ name }: Named, bytes: number, when: 'now' | 'with the next boot'): void {
    const { now, later } = this.returned.get(name) ?? { now: 0, later: 0 };
    const back = when === 'now' ? { now: now + bytes, later } : { now, later: later + bytes };
    this.returned.set(name, back);
  }

  changed({ name }: Named, path: string): void {
    const changes = this.current?.changes;
    if (changes?.some((one) => one.fileSystem === name && one.path === path) === false) {
      changes.push({ fileSystem: name, path });
    }
  }

  ran(stage: string, files: readonly string[]): void {
    if (this.current !== undefined) this.current.hooks = { stage, files };
  }

  async recorded(record: EventRecord): Promise<void> {
    const { event, op } = record;
    this.recordedBytes += JSON.stringify(record).length + 1;
    switch (event.type) {
      case 'operation.started':
        this.plans.set(op, event.plan);
        return;
      case 'operation.resumed':
        this.resumed = op;
        return;
      case 'step.started':
        this.current = await this.begin(op, event.step, event.phase);
        return;
      case 'step.completed': {
        const step = this.current ?? (await this.begin(op, event.step, event.phase));
        step.end = event.how;
        step.output = event.output;
        if (event.reason !== undefined) step.reason = event.reason;
        await this.end(step);
        return;
      }
      case 'step.failed':
        if (this.current === undefined) return;
        this.current.end = 'failed';
        this.current.reason = event.error.message;
        await this.end(this.current);
        return;
      default:
        return;
    }
  }

  private async begin(operation: string, step: string, phase: Phase): Promise<NotedStep> {
    this.start ??= await this.look();
    const noted: NotedStep = {
      ...{ operation, step, phase },
      ...{ sentences: [], took: new Map(), changes: [] },
      ...{ before: this.start, end: 'began', output: null },
    };
    this.steps.push(noted);
    return noted;
  }

  private async end(step: NotedStep): Promise<void> {
    this.start = await this.look();
    step.after = this.start;
    this.current = undefined;
  }
}
