/** The page of a whole history: one line for each operation, the newest first. */
import type { HistoryRow } from '../../../inspect/history-row.ts';
import { duration, moment as clock } from '../quantity.ts';
import { pageDocument } from './document.ts';
import { shortened } from './excerpt.ts';
import { html, NOTHING, type Html } from './html.ts';
import { outcomeOf } from './operation-page.ts';
import { PAGE_STYLE } from './style.ts';

/** Operations that are shown at most. */
const MOST = 1500;
/** Longest text of a cell, in bytes. */
const CELL = 240;

export interface HistoryPageOptions {
  readonly program: string;
  /** Address of the page of an operation, where there is one. */
  readonly addressOf?: (id: string) => string;
}

export function historyPage(
  rows: readonly HistoryRow[],
  { program, addressOf }: HistoryPageOptions,
): string {
  const shown = rows.slice(-MOST).reverse();
  const rowOf = (row: HistoryRow): Html => lineOf(row, addressOf?.(row.id));
  const body = html`<a class="skip" href="#operations">Skip to the operations</a>
    <header>
      <h1>History of this machine</h1>
      <p class="soft">${summary(rows)}</p>
    </header>
    <main>
      ${
        shown.length < rows.length
          ? html`<p>
              The newest ${shown.length} are shown here; <code>${program} history</code> shows all.
            </p>`
          : NOTHING
      }
      <div class="scroll" tabindex="0" role="region" aria-label="Operations">
        <table class="stack history" id="operations">
          <thead>
            <tr>
              <th scope="col">Number</th>
              <th scope="col">Operation</th>
              <th scope="col">Outcome</th>
              <th scope="col">Started (UTC)</th>
              <th scope="col">Worked</th>
              <th scope="col">Source, and what went wrong</th>
            </tr>
          </thead>
          <tbody>
            ${shown.map(rowOf)}
          </tbody>
        </table>
      </div>
    </main>
    <footer>
      Made from the event log by slotwright. One operation:
      <code>${program} inspect ID --html FILE</code>
    </footer>`;
  return pageDocument({
    title: 'History of this machine',
    style: PAGE_STYLE,
    body,
    asks: 'nobody',
  });
}

function summary(rows: readonly HistoryRow[]): string {
  if (rows.length === 0) return 'Nothing was done to this machine yet.';
  const of = (outcome: HistoryRow['outcome']): number =>
    rows.filter((row) => row.outcome === outcome).length;
  const counts = [
    `${of('completed')} completed`,
    `${of('rolled-back')} undone`,
    `${of('unfinished')} unfinished`,
  ].join(', ');
  return `${rows.length} ${rows.length === 1 ? 'operation' : 'operations'}: ${counts}. The newest comes first.`;
}

function lineOf(row: HistoryRow, address: string | undefined): Html {
  const { number, id, operation, outcome, owes, startedAt, activeMs, source, error, failedHooks } =
    row;
  const name = html`${operation} <code>${id}</code>`;
  const hooks = failedHooks > 0 ? `failures of hooks: ${failedHooks}` : undefined;
  const told = [source, error?.message, hooks].filter((part) => part !== undefined).join('; ');
  return html`<tr>
    <th scope="row">${number}</th>
    <td data-label="Operation">
      ${address === undefined ? name : html`<a href="${address}">${name}</a>`}
    </td>
    <td data-label="Outcome">${outcomeOf(outcome, owes)}</td>
    <td data-label="Started">${clock(startedAt)}</td>
    <td data-label="Worked">${duration(activeMs)}</td>
    <td data-label="About">${shortened(told, CELL)}</td>
  </tr> `;
}
