/** Why an operation went as it did: what caused it, where it was stopped and went on, why it started over or was undone. Pure. */
import * as z from 'zod';
import type { EventRecord } from '../../state/records.ts';
import { causalChain } from './causal-chain.ts';
import type { ReadSegment } from './history-rows.ts';
import { historyRow } from './history-rows.ts';

export const whyOperationSchema = z.object({
  id: z.string(),
  operation: z.string(),
  story: z
    .array(z.object({ seq: z.number().exactOptional(), text: z.string() }))
    .describe('sentences in the order of what happened; `seq` is the record that shows it'),
  retry: z.string().exactOptional().describe('what to do about it'),
});

export type WhyOperation = z.infer<typeof whyOperationSchema>;

interface Sentence {
  readonly seq?: number;
  readonly text: string;
}

export function whyOperation(segments: readonly ReadSegment[], of: ReadSegment): WhyOperation {
  const links = causalChain(segments, of);
  const told = (part: 'cause' | 'this' | 'consequence'): readonly Sentence[] =>
    links.filter((link) => link.part === part).map(({ text }) => ({ text }));
  const retry = whatNext(of);
  return {
    id: of.id,
    operation: of.operation,
    story: [...told('cause'), ...turnsOf(of.records), ...told('this'), ...told('consequence')],
    ...(retry === undefined ? {} : { retry }),
  };
}

/** Everything but the straight way. */
function turnsOf(records: readonly EventRecord[]): readonly Sentence[] {
  return records.flatMap((record, at): Sentence[] => {
    const { seq, event } = record;
    const say = (text: string): Sentence[] => [{ seq, text }];
    switch (event.type) {
      case 'operation.resumed':
        return say(`${stopOf(records.slice(0, at), record)}; it went on at ${record.at}`);
      case 'target.spoiled':
        return say(
          `it started over with a new target (number ${event.generation}): ${event.reason}`,
        );
      case 'step.failed':
        return say(`${event.step} failed: ${sentence(event.error)}`);
      case 'step.completed':
        return event.how === 'skipped' && event.phase === 'undo'
          ? []
          : event.how === 'skipped'
            ? say(`${event.step} had nothing to do: ${event.reason ?? 'it was done already'}`)
            : [];
      case 'rollback.requested':
        return say(`it turned back, ${ASKED[event.by]}: ${event.reason}`);
      case 'hook.failed':
        return say(`a hook of ${event.stage} failed (${event.source}): ${event.error}`);
      default:
        return [];
    }
  });
}

const ASKED = {
  abort: 'because somebody asked for it',
  failure: 'because a step failed',
  attempts: 'because it had been tried often enough',
} as const;

/** How the process before this one ended. */
function stopOf(before: readonly EventRecord[], { event }: EventRecord): string {
  const last = before.at(-1);
  const during = before.findLast((one) => one.event.type === 'step.started')?.event;
  const where = during?.type === 'step.started' ? ` in ${during.step}` : '';
  const after = `after record ${last?.seq ?? 0}${where}`;
  if (last?.event.type === 'operation.interrupted') {
    return `it was interrupted ${after}: ${last.event.reason}`;
  }
  const boots = [...before.map((one) => one.event), event].flatMap((one) =>
    one.type === 'operation.started' || one.type === 'operation.resumed'
      ? [one.inventory.bootId]
      : [],
  );
  return boots.at(-1) === boots.at(-2)
    ? `its process ended ${after} without a word: it was killed, or crashed`
    : `the machine went down ${after}: it lost power, or was restarted`;
}

function whatNext(of: ReadSegment): string | undefined {
  const { outcome, error } = historyRow(of);
  if (outcome === 'unfinished') return '"resume" goes on with it; "abort" undoes it while it can';
  return error?.hint;
}

const sentence = ({ message, reason }: { message: string; reason?: string }): string =>
  reason === undefined ? message : `${message} (${reason})`;
