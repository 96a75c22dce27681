/** One moment as it is shown: the last one, until the script moves it; and every moment at which a slot changed hands. */
import { html, NOTHING, type Html } from './html.ts';
import { SLOT_COLUMNS, SLOT_NAMES, type MomentViews, type SlotCells } from './moment-views.ts';

export function momentSection({ moments, slots, environments }: MomentViews): Html {
  const last = moments.at(-1);
  if (last === undefined) return NOTHING;
  const environment = environments[last.environment];
  return html`<section class="moment" aria-labelledby="moment-title">
    <h2 id="moment-title">
      The machine at this moment <span class="soft" id="moment-note">(after the last record)</span>
    </h2>
    <dl class="pair">
      <dt>State</dt>
      <dd><code id="moment-state">${last.state}</code></dd>
      <dt>Owes</dt>
      <dd id="moment-owed">${last.owed}</dd>
      <dt>Holds</dt>
      <dd id="moment-held">${last.held}</dd>
      <dt>Target</dt>
      <dd id="moment-target">${last.target}</dd>
    </dl>
    <h3>Slots</h3>
    <div class="scroll">
      <table id="slots" class="stack">
        <thead>
          <tr>
            <th scope="col">Slot</th>
            ${SLOT_COLUMNS.map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${(slots[last.slots] ?? []).map(rowOf)}
        </tbody>
      </table>
    </div>
    <h3>Boot environment, <span id="moment-read">${environment?.read ?? 'not read yet'}</span></h3>
    <ul class="variables" id="variables">
      ${(environment?.variables ?? []).map(([name, value]) => html`<li><code>${name}=${value}</code></li>`)}
    </ul>
  </section>`;
}

function rowOf(cells: SlotCells, index: number): Html {
  return html`<tr>
    <th scope="row">${SLOT_NAMES[index] ?? ''}</th>
    ${cells.map((cell, column) => html`<td data-label="${SLOT_COLUMNS[column] ?? ''}">${cell}</td>`)}
  </tr>`;
}

/** Longest list of changes: an operation has a handful, a log that somebody made may have any number. */
const MOST = 100;

/** What the slots held at first, and after each record that changed one: for paper, and for readers without the script. */
export function slotChanges({ moments, slots }: MomentViews): Html {
  const places = moments.filter(({ slots: now }, index) => moments[index - 1]?.slots !== now);
  const rows = places.slice(0, MOST).map((moment, index) => {
    const before = places[index - 1];
    const cells = slots[moment.slots] ?? [];
    return html`<tr>
      <th scope="row"><a href="#r${moment.seq}">${moment.seq}</a></th>
      <td data-label="After">${moment.what}</td>
      ${cells.map((slot, at) => {
        const old = before === undefined ? undefined : slots[before.slots]?.[at];
        return html`<td data-label="${SLOT_NAMES[at] ?? ''}">${cellOf(slot, old)}</td>`;
      })}
    </tr>`;
  });
  return html`<section id="changes" aria-labelledby="changes-title">
    <h2 id="changes-title">Which image had which slot</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Changes of slots">
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">Record</th>
            <th scope="col">After</th>
            ${SLOT_NAMES.map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
  </section>`;
}

function cellOf(cells: SlotCells, before: SlotCells | undefined): Html {
  const [label = '', image = '', digest = ''] = cells;
  const told = [label, image, digest].filter((part) => part !== '' && part !== '–').join(' · ');
  if (before === undefined || before.join('|') === cells.join('|')) return html`${told}`;
  return html`<strong>${told}</strong> <span class="soft">changed</span>`;
}
