/**
 * Where the states of a chart lie: the steps in a column downwards, what undoes them in a column upwards beside them, the end that
 * was wanted below, the other one above. Edges are lines between them. Pure geometry.
 */
import type { MachineChart } from '../../../inspect/machine-chart.ts';
import { truncate, widthOf } from '../width.ts';

export interface Box {
  readonly name: string;
  readonly title: string;
  readonly kind: MachineChart['states'][number]['kind'];
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export interface Line {
  readonly from: string;
  readonly to: string;
  /** Of an SVG path. */
  readonly path: string;
}

export interface ChartLayout {
  readonly width: number;
  readonly height: number;
  readonly start: { readonly x: number; readonly y: number; readonly path: string };
  readonly boxes: readonly Box[];
  readonly lines: readonly Line[];
  /** Above the pivot. */
  readonly noReturn?: { readonly x1: number; readonly x2: number; readonly y: number };
}

export const BOX_HEIGHT = 36;
/** Columns of the two lines of a box, as wide as fonts of one width are at most. */
export const NAME_ADVANCE = 7.95;
export const NOTE_ADVANCE = 6.45;
/** Left of the text in a box: the sign of its result. */
export const TEXT_AT = 32;

const ROW = 47;
const EDGE = 12;
const LANE = 30;
const GUTTER = 44;
const PADDING = 10;
const NARROWEST = 262;
/** A name of another version may be anything; what is cut is told by the title. */
const LONGEST = 34;

export function chartLayout(chart: MachineChart): ChartLayout {
  const forward = chart.states.filter(({ kind }) => kind === 'step' || kind === 'pivot');
  const undo = chart.states.filter(({ kind }) => kind === 'undo');
  const finals = chart.states.filter(({ kind }) => kind === 'final');
  const [wanted, ...others] = finals;
  const widths = [forward, [...undo, ...others]].map(widthFor);
  const [left = 0, right = 0] = widths;
  const leftX = EDGE + LANE;
  const rightX = leftX + left + GUTTER;
  const row = new Map(forward.map(({ name }, index) => [name, index + 1]));
  const y = (index: number): number => EDGE + index * ROW;
  const box = (state: MachineChart['states'][number], x: number, at: number, width: number) => ({
    ...state,
    x,
    y: y(at),
    width,
  });
  const boxes: Box[] = [
    ...forward.map((state, index) => box(state, leftX, index + 1, left)),
    ...(wanted === undefined ? [] : [box(wanted, leftX, forward.length + 1, left)]),
    ...undo.map((state) =>
      box(state, rightX, row.get(state.name.replace(/^undo:/, '')) ?? 0, right),
    ),
    ...others.map((state, index) => box(state, rightX, -index, right)),
  ];
  const places = new Map(boxes.map((one) => [one.name, one]));
  const first = places.get(chart.initial);
  const middle = leftX + left / 2;
  const pivot = boxes.find(({ kind }) => kind === 'pivot');
  return {
    width: rightX + right + EDGE,
    height: y(forward.length + 1) + BOX_HEIGHT + EDGE,
    start: {
      x: middle,
      y: y(0) + BOX_HEIGHT / 2,
      path: `M${middle} ${y(0) + BOX_HEIGHT / 2 + 8}V${(first?.y ?? y(1)) - 2}`,
    },
    boxes,
    lines: linesOf(chart, places),
    ...(pivot === undefined
      ? {}
      : {
          noReturn: {
            x1: EDGE,
            x2: rightX + right,
            y: pivot.y - (ROW - BOX_HEIGHT) / 2,
          },
        }),
  };
}

/** Text that a box of this width holds in one line. */
export function fitting(text: string, width: number, advance: number): string {
  return truncate(text, Math.floor((width - TEXT_AT - PADDING) / advance));
}

function widthFor(states: MachineChart['states']): number {
  const longest = Math.max(0, ...states.map(({ name }) => Math.min(widthOf(name), LONGEST)));
  return Math.max(NARROWEST, Math.ceil(longest * NAME_ADVANCE) + TEXT_AT + PADDING);
}

function linesOf({ edges }: MachineChart, places: ReadonlyMap<string, Box>): Line[] {
  const pairs = new Map<string, Line>();
  for (const { from, to } of edges) {
    const [a, b] = [places.get(from), places.get(to)];
    if (a === undefined || b === undefined || from === to) continue;
    pairs.set(`${from}\n${to}`, { from, to, path: pathBetween(a, b) });
  }
  return [...pairs.values()];
}

function pathBetween(a: Box, b: Box): string {
  const [ay, by] = [a.y + BOX_HEIGHT / 2, b.y + BOX_HEIGHT / 2];
  if (a.x === b.x) {
    const x = a.x + a.width / 2;
    if (isNext(a, b)) return `M${x} ${a.y + BOX_HEIGHT}V${b.y - 2}`;
    // Upwards in the column of the undo, whatever lies between.
    if (a.kind === 'undo') return `M${x} ${a.y}V${b.y + BOX_HEIGHT + 2}`;
    // Back to an earlier step, or over one: round the left side.
    const lane = a.x - LANE + 8;
    return `M${a.x} ${ay + 8}H${lane + 6}Q${lane} ${ay + 8} ${lane} ${ay + 2}V${by + 6}Q${lane} ${by} ${lane + 6} ${by}H${b.x - 2}`;
  }
  const bus = a.x + a.width + GUTTER / 2;
  const [out, into] = [a.x + a.width, b.x - 2];
  if (Math.abs(ay - by) < 1) return `M${out} ${ay}H${into}`;
  const bend = by < ay ? -6 : 6;
  return `M${out} ${ay}H${bus - 6}Q${bus} ${ay} ${bus} ${ay + bend}V${by - bend}Q${bus} ${by} ${bus + 6} ${by}H${into}`;
}

function isNext(a: Box, b: Box): boolean {
  return b.y > a.y && b.y - a.y <= ROW;
}
