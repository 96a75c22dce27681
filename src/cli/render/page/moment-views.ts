/** Moments in the words of the page: what the script puts in when the moment is moved. Parts that stay the same are said once. */
import type { Inspection } from '../../../inspect/inspection.ts';
import type { Moment } from '../../../inspect/moment.ts';
import { shortDigest } from '../../../inspect/short-digest.ts';
import type { TimelineEntry } from '../../../inspect/operation-timeline.ts';
import { bytes, moment as clock } from '../quantity.ts';
import { plain } from './html.ts';
import { shortened } from './excerpt.ts';

export interface MomentView {
  readonly seq: number;
  /** Time, and how long it had worked by then. */
  readonly when: string;
  readonly what: string;
  readonly state: string;
  readonly owed: string;
  readonly held: string;
  readonly target: string;
  /** Index in {@link MomentViews.slots}. */
  readonly slots: number;
  /** Index in {@link MomentViews.environments}. */
  readonly environment: number;
}

export const SLOT_NAMES = ['active', 'passive', 'recovery'] as const;

/** Label, image, digest, source, size: one text each. */
export type SlotCells = readonly string[];
export const SLOT_COLUMNS = ['Label', 'Image', 'Digest', 'Size', 'Installed from'] as const;

export interface MomentViews {
  readonly moments: readonly MomentView[];
  /** In the order of {@link SLOT_NAMES}. */
  readonly slots: readonly (readonly SlotCells[])[];
  readonly environments: readonly {
    readonly read: string;
    readonly variables: readonly (readonly [string, string])[];
  }[];
}

/** Longest text of a cell, in bytes. */
const CELL = 200;

export function momentViews(
  { timeline, moments }: Inspection,
  shown: ReadonlySet<number>,
): MomentViews {
  const slots = new Pool<readonly SlotCells[]>();
  const environments = new Pool<MomentViews['environments'][number]>();
  const entries = new Map(timeline.entries.map((entry) => [entry.seq, entry]));
  const titles = new Map(timeline.plan.map(({ name, title }) => [name, title]));
  return {
    moments: moments
      .filter(({ seq }) => shown.has(seq))
      .map((moment) => ({
        ...wordsOf(moment, entries.get(moment.seq), titles),
        slots: slots.index(SLOT_NAMES.map((name) => cellsOf(moment.slots[name]))),
        environment: environments.index({
          read:
            moment.environmentSeq === undefined
              ? 'not read yet'
              : `${Object.keys(moment.environment).length === 0 ? 'empty, ' : ''}as read in record ${moment.environmentSeq}`,
          variables: Object.entries(moment.environment)
            .slice(0, 60)
            .map(([name, value]) => [shortened(name, CELL), shortened(value, CELL)] as const),
        }),
      })),
    slots: slots.all,
    environments: environments.all,
  };
}

type Words = Omit<MomentView, 'slots' | 'environment'>;

function wordsOf(
  { seq, at, state, owed, held, generation, attempts, outcome }: Moment,
  entry: TimelineEntry | undefined,
  titles: ReadonlyMap<string, string>,
): Words {
  const elapsed = entry === undefined ? '' : `, +${(entry.elapsedMs / 1000).toFixed(1)} s`;
  const tried = attempts > 1 ? `, start ${attempts}` : '';
  const title = titles.get(owed?.step ?? '') ?? '';
  const verb = owed?.phase === 'undo' ? 'to undo' : 'to do';
  return {
    seq,
    when: `${clock(at)} UTC${elapsed}`,
    what: shortened(entry?.text ?? '', CELL),
    state: plain(state ?? 'not begun'),
    owed:
      owed === undefined
        ? outcome === undefined && state === undefined
          ? 'nothing yet'
          : 'nothing'
        : shortened(`${verb}: ${title === '' ? owed.step : title}${tried}`, CELL),
    held: held.length === 0 ? 'nothing' : plain(held.join(', ')),
    target: String(generation),
  };
}

function cellsOf(image: Moment['slots']['active']): SlotCells {
  if (image === undefined) return ['not known', '', '', '', ''];
  const { label, id, digest, bytes: size, source } = image;
  return [
    shortened(label ?? '–', CELL),
    shortened(id, CELL),
    digest === undefined ? '–' : plain(shortDigest(digest)),
    size === undefined ? '–' : bytes(size),
    shortened(source ?? '–', CELL),
  ];
}

/** Different values, each once. */
class Pool<T> {
  readonly all: T[] = [];
  readonly #known = new Map<string, number>();

  index(value: T): number {
    const key = JSON.stringify(value);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.all.length);
    this.all.push(value);
    return this.all.length - 1;
  }
}
