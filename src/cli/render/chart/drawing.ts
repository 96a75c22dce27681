/**
 * A chart as SVG: what was done, failed, skipped and not reached is told by sign, line and words, and by colour as well. Text is
 * cut to its box; its full length is in the title. Well-formed XML, and the same for the same chart.
 */
import type { MachineChart } from '../../../inspect/machine-chart.ts';
import { often } from '../../../inspect/often.ts';
import type { PathState, PathTaken } from '../../../inspect/path-taken.ts';
import { ROLLED_BACK } from '../../../engine/operation-machine.ts';
import { duration } from '../quantity.ts';
import { shortened } from '../page/excerpt.ts';
import { escaped } from '../page/html.ts';
import {
  BOX_HEIGHT,
  chartLayout,
  fitting,
  NAME_ADVANCE,
  NOTE_ADVANCE,
  TEXT_AT,
  type Box,
  type ChartLayout,
  type Line,
} from './layout.ts';
import { SIGNS, type Sign } from './signs.ts';
import { CHART_STYLE } from './style.ts';

/** A document of its own. */
export function chartSvg(chart: MachineChart, path?: PathTaken): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${drawing(chart, path, `<style>${CHART_STYLE}</style>`)}\n`;
}

/** Bytes of a text that is told beside the picture. */
const LONGEST = 400;

/** For a page that has the style already. */
export function chartFigure(chart: MachineChart, path?: PathTaken): string {
  return drawing(chart, path, '');
}

/** What came of a state, in words. */
export function noteOf({ result, starts, interruptions, durationMs, reason }: PathState): string {
  const took = durationMs > 0 ? ` ${duration(durationMs)}` : '';
  const again = [
    ...(starts > 1 ? [`${starts} starts`] : []),
    ...(interruptions > 0 ? [`stopped ${often(interruptions)}`] : []),
  ].join(', ');
  const what = `${RESULTS[result]}${result === 'done' ? took : ''}`;
  const why = reason === undefined || result === 'done' ? '' : `: ${shortened(reason, LONGEST)}`;
  return [what, ...(again === '' ? [] : [again])].join(', ') + why;
}

const RESULTS: Readonly<Record<PathState['result'], string>> = {
  done: 'done',
  skipped: 'skipped',
  failed: 'failed',
  reported: 'failed, went on',
  discarded: 'to be built again',
  left: 'turned back here',
  owed: 'owed',
  reached: 'reached',
};

function drawing(chart: MachineChart, path: PathTaken | undefined, style: string): string {
  const layout = chartLayout(chart);
  const { width, height } = layout;
  const states = new Map(path?.states.map((state) => [state.name, state]));
  const taken = new Map(path?.edges.map((edge) => [`${edge.from}\n${edge.to}`, edge]));
  const kind = path === undefined ? 'chart' : 'chart followed';
  const lines = layout.lines.map((line) => lineOf(line, taken.get(`${line.from}\n${line.to}`)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="${kind}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="chart-title chart-desc">`,
    `<title id="chart-title">${escaped(`State chart of ${chart.name}`)}</title>`,
    `<desc id="chart-desc">${escaped(inWords(chart, path))}</desc>`,
    style,
    '<defs>',
    arrow('arrow', 'head'),
    arrow('arrow-taken', 'head taken'),
    '</defs>',
    ...noReturn(layout),
    `<g class="edges">`,
    `<path class="edge${path === undefined ? '' : ' taken'}" d="${layout.start.path}" marker-end="url(#arrow${path === undefined ? '' : '-taken'})"/>`,
    // What was taken lies above what was not.
    ...lines.filter(({ over }) => over === 'not taken').map(({ text }) => text),
    ...lines.filter(({ over }) => over === 'taken').map(({ text }) => text),
    '</g>',
    `<circle class="start" cx="${layout.start.x}" cy="${layout.start.y}" r="8"/>`,
    ...layout.boxes.map((box) => stateOf(box, states.get(box.name), path)),
    '</svg>',
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** The picture for those who do not see it. */
function inWords({ states, initial }: MachineChart, path: PathTaken | undefined): string {
  if (path === undefined) {
    const chain = states.filter(({ kind }) => kind === 'step' || kind === 'pivot');
    return `Starts with ${initial}; steps in order: ${chain.map(({ name }) => name).join(', ')}.`;
  }
  const walked = path.states.map((state) => `${state.name} ${noteOf(state)}`);
  return `Path taken: ${walked.join('; ')}. It stands in ${path.now}.`;
}

function arrow(id: string, kind: string): string {
  return `<marker id="${id}" class="${kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.5L7.5 4L0 7.5z"/></marker>`;
}

function noReturn({ noReturn: place }: ChartLayout): string[] {
  if (place === undefined) return [];
  const { x1, x2, y } = place;
  return [
    `<g class="no-return"><path d="M${x1} ${y}H${x2}"/><text x="${x2}" y="${y + 15}" text-anchor="end">point of no return</text></g>`,
  ];
}

interface DrawnLine {
  readonly over: 'taken' | 'not taken';
  readonly text: string;
}

function lineOf({ from, to, path }: Line, edge: PathTaken['edges'][number] | undefined): DrawnLine {
  if (edge === undefined) {
    return {
      over: 'not taken',
      text: `<path class="edge" d="${path}" marker-end="url(#arrow)"/>`,
    };
  }
  const repeated = edge.times > 1 ? `, ${often(edge.times)}` : '';
  const title = escaped(`${from} to ${to}: ${edge.event}, record ${edge.seq}${repeated}`);
  return {
    over: 'taken',
    text: `<path class="edge taken" data-seq="${edge.seq}" d="${path}" marker-end="url(#arrow-taken)"><title>${title}</title></path>`,
  };
}

function stateOf(box: Box, state: PathState | undefined, path: PathTaken | undefined): string {
  const { name, title, kind, x, y, width } = box;
  const followed = path !== undefined;
  const result = state?.result ?? (followed ? 'not-reached' : 'planned');
  const here = path?.now === name ? ' here' : '';
  const note = state === undefined ? (followed ? 'not reached' : title) : noteOf(state);
  const full = `${shortened(name, LONGEST)}: ${shortened(title, LONGEST)}${state === undefined ? '' : ` (${note})`}`;
  const seq =
    state === undefined ? '' : ` data-seq="${state.firstSeq}" data-last="${state.lastSeq}"`;
  return [
    `<g class="state ${kind} ${result}${here}" data-state="${escaped(name)}"${seq} transform="translate(${x} ${y})">`,
    `<title>${escaped(full)}</title>`,
    `<rect class="box" width="${width}" height="${BOX_HEIGHT}" rx="${kind === 'final' ? BOX_HEIGHT / 2 : 6}"/>`,
    kind === 'pivot' || kind === 'final'
      ? `<rect class="inner" x="3" y="3" width="${width - 6}" height="${BOX_HEIGHT - 6}" rx="${kind === 'final' ? (BOX_HEIGHT - 6) / 2 : 4}"/>`
      : '',
    `<path class="pointer" d="M-13 ${BOX_HEIGHT / 2 - 7}L-3 ${BOX_HEIGHT / 2}L-13 ${BOX_HEIGHT / 2 + 7}z"/>`,
    `<g class="sign" transform="translate(10 ${BOX_HEIGHT / 2 - 7})">${SIGNS[signFor(result, box)]}</g>`,
    `<text class="name" x="${TEXT_AT}" y="15.5">${escaped(fitting(name, width, NAME_ADVANCE))}</text>`,
    `<text class="note" x="${TEXT_AT}" y="28.5">${escaped(fitting(note, width, NOTE_ADVANCE))}</text>`,
    '</g>',
  ]
    .filter((part) => part !== '')
    .join('');
}

function signFor(
  result: PathState['result'] | 'not-reached' | 'planned',
  { kind, name }: Box,
): Sign {
  if (result === 'planned') return kind === 'undo' ? 'back' : 'empty';
  if (result === 'reached' && name === ROLLED_BACK) return 'back';
  return SIGN_OF[result];
}

const SIGN_OF: Readonly<Record<PathState['result'] | 'not-reached', Sign>> = {
  done: 'check',
  skipped: 'skip',
  failed: 'cross',
  reported: 'exclamation',
  discarded: 'again',
  left: 'back',
  owed: 'waiting',
  reached: 'check',
  'not-reached': 'empty',
};
