/** The page of one operation: what it was, its chart with the path taken, any moment of it, every record, causes and consequences. */
import type { CausalLink } from '../../../inspect/causal-chain.ts';
import type { Inspection } from '../../../inspect/inspection.ts';
import { often } from '../../../inspect/often.ts';
import { chartFigure } from '../chart/drawing.ts';
import type { Sign } from '../chart/signs.ts';
import { duration, moment as clock } from '../quantity.ts';
import { pageDocument } from './document.ts';
import { shortened } from './excerpt.ts';
import { html, inScript, NOTHING, type Html } from './html.ts';
import { momentSection, slotChanges } from './moment-section.ts';
import { momentViews } from './moment-views.ts';
import { errorLines, recordList, shownEntries, signOf } from './records.ts';
import { PAGE_SCRIPT } from './script.ts';
import { PAGE_STYLE } from './style.ts';

/** Longest single text outside the records, in bytes. */
const TEXT = 1500;

export interface PageOptions {
  /** Name that commands are told by. */
  readonly program: string;
  /** Address that says whether there is news; absent for a page in a file. */
  readonly live?: string;
}

/** Sentences about causes and consequences that are shown at most. */
const LINKS = 60;
/** A page opens at once, and goes by mail, below this size. */
const BYTES = 1_900_000;
/** Records that are shown at most. */
const MOST = 2048;

/** As many records as there is room for; the first and the last of them always. */
export function operationPage(inspection: Inspection, options: PageOptions): string {
  let most = MOST;
  for (;;) {
    const page = pageOf(inspection, options, most);
    if (Buffer.byteLength(page) <= BYTES || most <= 2) return page;
    most /= 2;
  }
}

function pageOf(inspection: Inspection, { program, live }: PageOptions, most: number): string {
  const { timeline, chart, path, chain } = inspection;
  const { operation, id, outcome, error } = timeline;
  const views = momentViews(
    inspection,
    new Set(shownEntries(timeline, most).map(({ seq }) => seq)),
  );
  const last = timeline.entries.at(-1)?.seq ?? 0;
  const body = html`<a class="skip" href="#records">Skip to the records</a>
<div${live === undefined ? NOTHING : html` data-live="${live}"`} id="page">
<header>
<div id="top">
<h1>${operation} <span class="id">${id}</span> ${outcomeOf(outcome, timeline.owes)}</h1>
${facts(inspection)}
${
  error === undefined
    ? NOTHING
    : html`<div class="trouble">
        <h2>${shortened(error.message, TEXT)}</h2>
        ${errorLines(error, TEXT)}
      </div>`
}
</div>
${live === undefined ? NOTHING : html`<p id="live" class="soft" role="status">Following the log.</p>`}
</header>
<main>
<section id="story" aria-labelledby="story-title"><h2 id="story-title">How it came about</h2>
<ol class="story">${chain.slice(0, LINKS).map(linkOf)}</ol></section>
<div class="bar" id="bar" hidden role="group" aria-label="Moment">
<button type="button" id="previous" aria-label="Previous record">${signOf('left')}<span>&nbsp;Previous</span></button>
<input type="range" id="range" min="0" max="0" value="0" aria-label="Moment of the operation">
<button type="button" id="next" aria-label="Next record"><span>Next&nbsp;</span>${signOf('right')}</button>
<output for="range" id="moment-line"><strong id="moment-what"></strong><span class="soft" id="moment-place"></span><span class="soft" id="moment-when"></span></output>
</div>
<div class="desk">
<figure class="picture" id="picture" tabindex="0" aria-label="State chart">${{ html: chartFigure(chart, path) }}<figcaption>Thick lines: the way it took. Signs and words in the boxes: what came of each state. The arrow at a box: where it stands at the moment shown.</figcaption></figure>
<div>
${momentSection(views)}
${slotChanges(views)}
<section aria-labelledby="records-title"><h2 id="records-title">Every record</h2>
${recordList(timeline, program, most)}</section>
<section aria-labelledby="request-title"><h2 id="request-title">What was asked for</h2>
<details><summary>Request, as it stands in the first record</summary><pre tabindex="0" role="region" aria-label="request">${shortened(JSON.stringify(timeline.request, null, 2), 20_000)}</pre></details></section>
</div>
</div>
</main>
<footer>Made from the event log by slotwright. Hooks wrote some of this text: it is shown as it is, and may hold secrets. Everything at once: <code>${program} history ${id} --debug</code></footer>
<script type="application/json" id="data">${inScript({ ...views, version: last, unfinished: outcome === 'unfinished' })}</script>
</div>`;
  return pageDocument({
    title: `${operation} ${id}: ${OUTCOMES[outcome].text}`,
    style: PAGE_STYLE,
    script: PAGE_SCRIPT,
    body,
    asks: live === undefined ? 'nobody' : 'its server',
  });
}

type Outcome = Inspection['timeline']['outcome'];

const OUTCOMES: Readonly<Record<Outcome, { readonly text: string; readonly sign: Sign }>> = {
  completed: { text: 'completed', sign: 'check' },
  'rolled-back': { text: 'undone', sign: 'back' },
  unfinished: { text: 'unfinished', sign: 'waiting' },
};

export function outcomeOf(outcome: Outcome, owes?: string): Html {
  const { text, sign } = OUTCOMES[outcome];
  const at = owes === undefined ? '' : ` at ${owes}`;
  return html`<span class="outcome ${outcome}">${signOf(sign)}${text}${at}</span>`;
}

function facts(inspection: Inspection): Html {
  const { timeline } = inspection;
  const { number, startedAt, endedAt, activeMs, processes, tool, source, cause, key, entries } =
    timeline;
  const fact = (name: string, value: string | undefined, kind = ''): Html =>
    value === undefined || value === ''
      ? NOTHING
      : html`<div class="${kind}">
          <dt>${name}</dt>
          <dd>${shortened(value, TEXT)}</dd>
        </div> `;
  return html`<dl class="facts">
    ${fact('Started (UTC)', clock(startedAt))}${fact('Ended (UTC)', clock(endedAt))}${fact('Worked', duration(activeMs))}${fact('Processes', processes === 1 ? '1' : `${processes}: continued ${often(processes - 1)}`)}${fact('Records', String(entries.length))}${failures(inspection)}${fact('Number on this device', String(number))}${fact('Tool', tool)}${fact('Caused by', cause)}${fact('Source', source, 'wide')}${fact('Key', key?.slice(0, 16))}
  </dl>`;
}

/** What failed and stopped nothing: an operation that was completed all the same does not show it by its outcome. */
function failures({ timeline: { failedHooks, reported, entries } }: Inspection): Html {
  const first = entries.find(({ level }) => level === 'error');
  if (first === undefined || failedHooks + reported === 0) return NOTHING;
  const count = failedHooks > 0 ? failedHooks : reported;
  const name = failedHooks > 0 ? 'Failures of hooks' : 'Failed steps';
  return html`<div>
    <dt>${name}</dt>
    <dd class="failures">
      ${signOf('cross')} ${count}, <a href="#r${first.seq}">first in record ${first.seq}</a>
    </dd>
  </div>`;
}

const PARTS: Readonly<Record<CausalLink['part'], string>> = {
  cause: 'Before',
  this: 'This operation',
  consequence: 'After',
};

function linkOf({ part, text }: CausalLink): Html {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return html`<li class="${part}">
    <span class="part">${PARTS[part]}</span>${shortened(sentence, TEXT)}.
  </li> `;
}
