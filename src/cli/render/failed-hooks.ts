/** Failures of hooks, one line each: where, in which stage and step, what was wrong. */
import type { FailedHook } from '../../inspect/failed-hook.ts';
import { printable } from './width.ts';

export function failedHookLine({ stages, step, error, ...place }: FailedHook): string {
  const within = step === undefined ? '' : `, step "${step}"`;
  return printable(`${placeOf(place)}: ${stages.join(', ')}${within}: ${error}`);
}

/** `/oem/90.yaml:3:7`, as editors understand it. */
export function placeOf({
  source,
  line,
  column,
}: Pick<FailedHook, 'source' | 'line' | 'column'>): string {
  return [source, line, column].filter((part) => part !== undefined).join(':');
}
