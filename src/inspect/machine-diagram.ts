/** Draws a chart, with the path that an operation took where there is one: Mermaid, Graphviz, or the XState configuration itself. */
import type { MachineChart } from './machine-chart.ts';
import type { PathTaken } from './path-taken.ts';

export type DiagramFormat = 'mermaid' | 'dot' | 'json';

export function machineDiagram(
  chart: MachineChart,
  format: DiagramFormat,
  path?: PathTaken,
): string {
  switch (format) {
    case 'mermaid':
      return mermaid(chart, path);
    case 'dot':
      return dot(chart, path);
    case 'json':
      return JSON.stringify(chart.config, null, 2);
  }
}

function mermaid(chart: MachineChart, path: PathTaken | undefined): string {
  const id = (name: string) => name.replace(/[^A-Za-z0-9]/g, '_');
  const results = resultsIn(path);
  return [
    'stateDiagram-v2',
    ...chart.states.map(({ name }) => `  state "${label(name, results)}" as ${id(name)}`),
    `  [*] --> ${id(chart.initial)}`,
    ...arrows(chart).map(({ from, to, events }) => `  ${id(from)} --> ${id(to)}: ${events}`),
    ...chart.states
      .filter(({ kind }) => kind === 'final')
      .map(({ name }) => `  ${id(name)} --> [*]`),
    '  classDef pivot font-weight:bold,stroke-width:3px',
    ...chart.states
      .filter(({ kind }) => kind === 'pivot')
      .map(({ name }) => `  class ${id(name)} pivot`),
    ...(path === undefined ? [] : mermaidPath(path, id)),
  ].join('\n');
}

/** Mermaid cannot style single arrows of a state diagram: states tell the way. */
function mermaidPath({ states, now }: PathTaken, id: (name: string) => string): string[] {
  return [
    '  classDef taken stroke-width:3px',
    '  classDef failed stroke-width:3px,stroke-dasharray:4 2,color:#b3261e',
    '  classDef now stroke-width:5px',
    ...states.map(
      ({ name, result }) => `  class ${id(name)} ${isFailed(result) ? 'failed' : 'taken'}`,
    ),
    `  class ${id(now)} now`,
  ];
}

type Result = PathTaken['states'][number]['result'];

function isFailed(result: Result): boolean {
  return result === 'failed' || result === 'left' || result === 'reported';
}

function resultsIn(path: PathTaken | undefined): ReadonlyMap<string, Result> {
  return new Map(path?.states.map(({ name, result }) => [name, result]));
}

function label(name: string, results: ReadonlyMap<string, Result>): string {
  const result = results.get(name);
  return result === undefined ? name : `${name} (${result})`;
}

const SHAPES: Readonly<Record<MachineChart['states'][number]['kind'], string>> = {
  step: 'shape=box',
  pivot: 'shape=box, style=bold, penwidth=3',
  undo: 'shape=box, style=dashed',
  final: 'shape=doublecircle',
};

function dot(chart: MachineChart, path: PathTaken | undefined): string {
  const text = (value: string) => JSON.stringify(value);
  const results = resultsIn(path);
  const taken = new Set(path?.edges.map(({ from, to }) => `${from}\n${to}`));
  const shown = (name: string) =>
    path === undefined
      ? ''
      : `, label=${text(label(name, results))}${results.has(name) ? '' : ', fontcolor=gray40, color=gray60'}${name === path.now ? ', peripheries=3' : ''}`;
  const lineStyle = (key: string) =>
    path === undefined ? '' : taken.has(key) ? ', penwidth=2.5' : ', style=dotted, color=gray60';
  return [
    `digraph ${text(chart.name)} {`,
    '  rankdir=TB; node [fontname="sans-serif"]; edge [fontname="sans-serif", fontsize=10];',
    ...chart.states.map(
      ({ name, title, kind }) =>
        `  ${text(name)} [${SHAPES[kind]}, tooltip=${text(title)}${shown(name)}];`,
    ),
    ...arrows(chart).map(
      ({ from, to, events }) =>
        `  ${text(from)} -> ${text(to)} [label=${text(events)}${lineStyle(`${from}\n${to}`)}];`,
    ),
    '}',
  ].join('\n');
}

/** Edges that go somewhere, one for each pair; what only counts or pauses would hide the picture. */
function arrows({ edges }: MachineChart): { from: string; to: string; events: string }[] {
  const merged = new Map<string, { from: string; to: string; events: string[] }>();
  for (const { from, to, event } of edges) {
    if (from === to) continue;
    const key = `${from}\n${to}`;
    const arrow = merged.get(key) ?? { from, to, events: [] };
    if (!arrow.events.includes(event)) arrow.events.push(event);
    merged.set(key, arrow);
  }
  return [...merged.values()].map(({ from, to, events }) => ({
    from,
    to,
    events: events.join(', '),
  }));
}
