/**
 * What a run shows while it runs: one status line where it can be rewritten, plain lines elsewhere (serial consoles, logs).
 * Hook output comes between, indented.
 */
import type { Observer } from '../../engine/runner.ts';
import type { LifecycleEvent } from '../../../state/records.ts';
import type { Progress } from '../../system/port.ts';
import type { Screen } from '../screen.ts';
import { hookOutput } from './hook-output.ts';
import { bytes } from './quantity.ts';
import { failedHookLine, placeOf } from './failed-hooks.ts';
import { printable } from './width.ts';

export type ProgressView = Required<Observer> & { readonly end: () => void };

/** `monotonic` in milliseconds, for rates. */
export function createProgress(screen: Screen, monotonic: () => number): ProgressView {
  let place = '';
  let title = '';
  let since = 0;
  let told = 0;
  const troubles = new Set<string>();
  const hooks = hookOutput((line) => screen.note(`    ${line}`.trimEnd()));
  return {
    step: (owed, stepTitle, index, count) => {
      hooks.end();
      const verb = owed.phase === 'undo' ? 'undo' : 'step';
      place = `${verb} ${index + 1}/${count} ${owed.step}`;
      title = stepTitle;
      since = monotonic();
      told = 0;
      const line = `${place}: ${title}`;
      if (screen.live) screen.status(line);
      else screen.note(line);
    },
    progress: (progress) => {
      const percent = percentOf(progress);
      const rate = rateOf(progress, monotonic() - since);
      if (screen.live) screen.status(`${place}  ${percent}%${rate}  ${title}`);
      else if (percent >= told + 10 && percent < 100) {
        told = percent - (percent % 10);
        screen.note(`${place}: ${percent}%${rate}`);
      }
    },
    output: hooks.take,
    event: (event) => {
      screen.detail(`  ${event.type} ${JSON.stringify({ ...event, type: undefined })}`);
      for (const line of troubleIn(event)) {
        if (!troubles.has(line)) screen.note(`    ${line}`);
        troubles.add(line);
      }
    },
    end: () => {
      hooks.end();
      screen.clearStatus();
    },
  };
}

/** What is wrong with hooks is told when it is found. */
function troubleIn(event: LifecycleEvent): string[] {
  if (event.type === 'hook.failed')
    return [`failed: ${failedHookLine({ ...event, stages: [event.stage] })}`];
  if (event.type !== 'hook.warned') return [];
  return [`warning: ${printable(`${placeOf(event)}: ${event.warning}`)}`];
}

function percentOf({ doneBytes, totalBytes }: Progress): number {
  if (totalBytes <= 0) return 0;
  return Math.min(100, Math.floor((100 * doneBytes) / totalBytes));
}

/** Nothing in the first half second: the number would jump. */
function rateOf({ doneBytes }: Progress, elapsed: number): string {
  return elapsed < 500 || doneBytes === 0 ? '' : `  ${bytes((doneBytes * 1000) / elapsed)}/s`;
}
