/** What caused an operation and what came of it, in sentences: who points to whom in the log, and which images took its place. Pure. */
import * as z from 'zod';
import type { ReadSegment } from './history-rows.ts';
import { historyRow } from './history-rows.ts';
import { often } from './often.ts';

export const causalLinkSchema = z.object({
  part: z.enum(['cause', 'this', 'consequence']),
  id: z.string().exactOptional().describe('the operation that the sentence is about'),
  text: z.string(),
});

export type CausalLink = z.infer<typeof causalLinkSchema>;

/** From the first cause that is known to the last consequence. */
export function causalChain(segments: readonly ReadSegment[], of: ReadSegment): CausalLink[] {
  return [
    ...causesOf(segments, of),
    ...strangersIn(of),
    { part: 'this', id: of.id, text: `${named(of)} ${endOf(of)}` },
    ...segments
      .filter(({ state }) => state?.started.cause === of.id)
      .map((one): CausalLink => ({
        part: 'consequence',
        id: one.id,
        text: `it caused ${named(one)}, which ${endOf(one)}`,
      })),
    ...replacementOf(segments, of),
  ];
}

function causesOf(segments: readonly ReadSegment[], of: ReadSegment): CausalLink[] {
  const links: CausalLink[] = [];
  const seen = new Set([of.id]);
  let id = of.state?.started.cause;
  while (id !== undefined && !seen.has(id)) {
    seen.add(id);
    const cause = segments.find((one) => one.id === id);
    const text =
      cause === undefined
        ? `operation ${id} caused the next one, and is not in this log any more`
        : `${named(cause)} ${endOf(cause)}, and caused the next one`;
    links.unshift({ part: 'cause', id, text });
    id = cause?.state?.started.cause;
  }
  return links;
}

/** What others did to the disk before it. */
function strangersIn({ records }: ReadSegment): CausalLink[] {
  return records.flatMap(({ event }): CausalLink[] => {
    if (event.type === 'slots.changed-outside') {
      return [
        { part: 'cause', text: 'something else had changed images since the operation before' },
      ];
    }
    return [];
  });
}

/** The next operation that gave the active slot to another image. */
function replacementOf(segments: readonly ReadSegment[], of: ReadSegment): CausalLink[] {
  if (!switched(of)) return [];
  const next = segments.find((one) => one.number > of.number && switched(one));
  if (next === undefined) return [];
  const { operation, id } = next;
  const text = `later ${operation} ${id} put another image in the active slot`;
  return [{ part: 'consequence', id, text }];
}

function switched({ state }: ReadSegment): boolean {
  return state?.context.outputs['set-active'] !== undefined;
}

const judged = z.object({ verdict: z.string() });

function named(segment: ReadSegment): string {
  const { operation, id, source } = historyRow(segment);
  return `${operation} ${id}${source === undefined ? '' : ` from ${source}`}`;
}

function endOf(segment: ReadSegment): string {
  const { outcome, owes, error, processes } = historyRow(segment);
  const verdict = judged.safeParse(segment.state?.context.outputs['settle-judgement']);
  const found = verdict.success ? `, and found the image ${verdict.data.verdict}` : '';
  const why = error === undefined ? '' : `: ${error.message}`;
  const again = processes > 1 ? `, continued ${often(processes - 1)} after it had stopped` : '';
  switch (outcome) {
    case 'completed':
      return `was completed${again}${found}`;
    case 'rolled-back':
      return `was undone${again}${why}`;
    case 'unfinished':
      return `is unfinished${again} and owes ${owes ?? 'its end'}${why}`;
  }
}
