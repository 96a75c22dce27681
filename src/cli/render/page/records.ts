/** The records of an operation as a list: what matters in the open, small ones folded away, output cut to what a page can bear. */
import type { Timeline, TimelineEntry } from '../../../inspect/operation-timeline.ts';
import { bytes, duration } from '../quantity.ts';
import { excerpt, shortened } from './excerpt.ts';
import { html, NOTHING, type Html } from './html.ts';
import { SIGNS, type Sign } from '../chart/signs.ts';

/** Bytes of text that all of them may take together. */
const ROOM = 600_000;
/** Output of fewer lines is open from the start. */
const SHORT = 8;

/** Of more than `most` (an even number), the first and the last half. */
export function shownEntries({ entries }: Timeline, most: number): readonly TimelineEntry[] {
  if (entries.length <= most) return entries;
  return [...entries.slice(0, most / 2), ...entries.slice(-most / 2)];
}

export function recordList(timeline: Timeline, program: string, most: number): Html {
  const shown = shownEntries(timeline, most);
  const room = Math.min(6000, Math.max(160, Math.floor(ROOM / shown.length)));
  const all = `${program} history ${timeline.id} --debug`;
  const missing = timeline.entries.length - shown.length;
  const cut = missing === 0 ? -1 : most / 2;
  const item = (entry: TimelineEntry): Html => itemOf(entry, { room, all });
  const items: Html[] = [];
  let small: TimelineEntry[] = [];
  const fold = (): void => {
    if (small.length > 0) items.push(foldOf(small, item));
    small = [];
  };
  for (const [index, entry] of shown.entries()) {
    if (index === cut) {
      fold();
      items.push(
        html`<li class="gap">
          ${missing} records are left out here: <code>${all}</code> shows them all
        </li> `,
      );
    }
    if (entry.level === 'detail') small.push(entry);
    else {
      fold();
      items.push(item(entry));
    }
  }
  fold();
  return html`<ol id="records" class="records">
    ${items}
  </ol>`;
}

function foldOf(small: readonly TimelineEntry[], item: (entry: TimelineEntry) => Html): Html {
  const [first] = small;
  const last = small.at(-1);
  if (first === undefined || last === undefined) return NOTHING;
  const numbers = first === last ? `${first.seq}` : `${first.seq} to ${last.seq}`;
  const said = small.length === 1 ? shortened(first.text, 160) : `${small.length} small records`;
  return html`<li class="fold" id="f${first.seq}">
    <details>
      <summary>${said} <span class="soft">(${numbers})</span></summary>
      <ol>
        ${small.map(item)}
      </ol>
    </details>
  </li> `;
}

interface Bounds {
  readonly room: number;
  /** Command that shows everything. */
  readonly all: string;
}

function itemOf(entry: TimelineEntry, { room, all }: Bounds): Html {
  const { seq, elapsedMs, level, text, durationMs, output, error, bytes: size } = entry;
  const took =
    durationMs === undefined ? NOTHING : html` <span class="took">${duration(durationMs)}</span>`;
  const wrote = size === undefined ? NOTHING : html` <span class="took">${bytes(size)}</span>`;
  return html`<li id="r${seq}" class="${level}">
    <a class="seq" href="#r${seq}" aria-label="record ${seq}">${seq}</a
    ><span class="at">+${(elapsedMs / 1000).toFixed(1)} s</span>${sign(entry)}<span class="text"
      >${shortened(text, room)}${took}${wrote}</span
    >${error === undefined ? NOTHING : errorLines(error, room)}${output === undefined ? NOTHING : outputOf(output, { room, all })}
  </li> `;
}

function outputOf(output: string, { room, all }: Bounds): Html {
  const { head, rest } = excerpt(output.trimEnd(), room);
  const lines = output.trimEnd().split('\n').length;
  const shown = rest === undefined ? head : `${head}\n`;
  const cut: readonly Html[] =
    rest === undefined
      ? []
      : [
          html`<span class="cut">… ${rest.left} are left out here: ${all} shows them all …</span>`,
          html`${rest.tail}`,
        ];
  const open = lines <= SHORT && rest === undefined ? ' open' : '';
  return html`<details class="output" ${{ html: open }}>
    <summary>${lines} ${lines === 1 ? 'line' : 'lines'} of output</summary>
    <pre tabindex="0" role="region" aria-label="hook output">${shown}${cut}</pre>
  </details>`;
}

export function errorLines(error: NonNullable<TimelineEntry['error']>, room: number): Html {
  const { reason, hint, code } = error;
  return html`<dl class="error">
    <dt>Code</dt>
    <dd><code>${shortened(code, room)}</code></dd>
    ${
      reason === undefined
        ? NOTHING
        : html`<dt>Why</dt>
            <dd>${shortened(reason, room)}</dd>`
    }${
      hint === undefined
        ? NOTHING
        : html`<dt>Next</dt>
            <dd>${shortened(hint, room)}</dd>`
    }
  </dl>`;
}

/** What kind of record it is, without words and without colour; the words follow. */
function sign({ level, event }: TimelineEntry): Html {
  const kind = SIGN_OF[event] ?? LEVELS[level];
  return kind === undefined ? html`<span class="sign"></span>` : signOf(kind);
}

export function signOf(kind: Sign): Html {
  return html`<svg
    class="sign ${kind}"
    viewBox="0 0 14 14"
    width="14"
    height="14"
    aria-hidden="true"
  >
    ${{ html: SIGNS[kind] }}
  </svg>`;
}

const LEVELS: Readonly<Partial<Record<TimelineEntry['level'], Sign>>> = {
  warning: 'exclamation',
  error: 'cross',
};

const SIGN_OF: Readonly<Record<string, Sign>> = {
  'step.completed': 'check',
  'operation.completed': 'check',
  'operation.interrupted': 'waiting',
  'operation.resumed': 'again',
  'target.spoiled': 'again',
  'rollback.requested': 'back',
};
