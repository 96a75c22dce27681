/** Law 7: the same records give the same state, wherever and however often they are folded. */
import { foldOperation } from '../engine/fold.ts';
import type { EventRecord } from '../../state/records.ts';

/** One sentence for each thing that is wrong with folding these records. */
export function foldTwice(records: readonly EventRecord[]): readonly string[] {
  try {
    const once = summary(records);
    // What another machine reads: plain data, nothing shared.
    const again = summary(structuredClone(records));
    return once === again ? [] : ['folding the log twice gives two states'];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [`the log cannot be folded: ${why}`];
  }
}

function summary(records: readonly EventRecord[]): string {
  const operation = records.findIndex(({ event }) => event.type === 'operation.started');
  const state = foldOperation(operation === -1 ? [] : records);
  if (state === undefined) return 'never began';
  const { id, context, owed, held, completed } = state;
  return JSON.stringify({ id, state: state.state, context, owed, held, completed });
}
