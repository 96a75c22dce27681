import type { HookEvent, StageResult } from '../system/port.ts';
import type { Problem } from './decode/reading.ts';
import type { Position } from './yaml/node.ts';

/** Where something happened. */
export interface Place {
  readonly stage: string;
  readonly source: string;
  readonly step?: string;
  readonly part?: string;
}

/** Tells events one after the other (each is durable before the next), and counts. */
export class Report {
  private readonly tell: (event: HookEvent) => Promise<void>;
  private readonly failures: string[] = [];
  /** Apart: what is a warning in the stage `x.before` may be what refuses the file in `x`. */
  private readonly toldFailures = new Set<string>();
  private readonly toldWarnings = new Set<string>();
  private stepsRun = 0;
  private stepsSkipped = 0;
  private last: Promise<void> = Promise.resolve();

  constructor(tell: (event: HookEvent) => Promise<void>) {
    this.tell = tell;
  }

  /** Steps of one layer run side by side; their events are told in turn all the same. */
  async emit(event: HookEvent): Promise<void> {
    this.stepsRun += event.type === 'hook.started' ? 1 : 0;
    this.stepsSkipped += event.type === 'hook.skipped' ? 1 : 0;
    const turn = this.last.then(() => this.tell(event));
    // A failure to record ends the stage through the one who waits for it; the queue itself goes on.
    this.last = turn.catch(() => undefined);
    await turn;
  }

  /** A failure of a whole file is told once, although each of the stages `x.before`, `x`, `x.after` meets it. */
  async fail(place: Place, { message, at }: Problem): Promise<void> {
    const sentence = `${where(place.source, at)}${place.step === undefined ? '' : `, ${place.step}`}: ${message}`;
    if (place.step === undefined && this.isRepeated(this.toldFailures, sentence)) {
      return;
    }
    this.failures.push(sentence);
    await this.emit({ type: 'hook.failed', ...place, error: message, ...(at ?? {}) });
  }

  async warn(place: Place, { message, at }: Problem): Promise<void> {
    if (this.isRepeated(this.toldWarnings, `${where(place.source, at)}: ${message}`)) {
      return;
    }
    const { stage, source } = place;
    await this.emit({ type: 'hook.warned', stage, source, warning: message, ...(at ?? {}) });
  }

  result(): StageResult {
    return {
      stepsRun: this.stepsRun,
      stepsSkipped: this.stepsSkipped,
      failures: [...this.failures],
    };
  }

  private isRepeated(told: Set<string>, sentence: string): boolean {
    const repeated = told.has(sentence);
    told.add(sentence);
    return repeated;
  }
}

function where(source: string, at: Position | undefined): string {
  return at === undefined ? source : `${source}:${String(at.line)}:${String(at.column)}`;
}
