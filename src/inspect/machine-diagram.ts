/** Draws a chart: Mermaid, Graphviz, or the XState configuration itself. */
import type { MachineChart } from './machine-chart.ts';

export type DiagramFormat = 'mermaid' | 'dot' | 'json';

export function machineDiagram(chart: MachineChart, format: DiagramFormat): string {
  switch (format) {
    case 'mermaid':
      return mermaid(chart);
    case 'dot':
      return dot(chart);
    case 'json':
      return JSON.stringify(chart.config, null, 2);
  }
}

function mermaid(chart: MachineChart): string {
  const id = (name: string) => name.replace(/[^A-Za-z0-9]/g, '_');
  return [
    'stateDiagram-v2',
    ...chart.states.map(({ name }) => `  state "${name}" as ${id(name)}`),
    `  [*] --> ${id(chart.initial)}`,
    ...arrows(chart).map(({ from, to, events }) => `  ${id(from)} --> ${id(to)}: ${events}`),
    ...chart.states
      .filter(({ kind }) => kind === 'final')
      .map(({ name }) => `  ${id(name)} --> [*]`),
    '  classDef pivot font-weight:bold,stroke-width:3px',
    ...chart.states
      .filter(({ kind }) => kind === 'pivot')
      .map(({ name }) => `  class ${id(name)} pivot`),
  ].join('\n');
}

const SHAPES: Readonly<Record<MachineChart['states'][number]['kind'], string>> = {
  step: 'shape=box',
  pivot: 'shape=box, style=bold, penwidth=3',
  undo: 'shape=box, style=dashed',
  final: 'shape=doublecircle',
};

function dot(chart: MachineChart): string {
  const text = (value: string) => JSON.stringify(value);
  return [
    `digraph ${text(chart.name)} {`,
    '  rankdir=TB; node [fontname="sans-serif"]; edge [fontname="sans-serif", fontsize=10];',
    ...chart.states.map(
      ({ name, title, kind }) => `  ${text(name)} [${SHAPES[kind]}, tooltip=${text(title)}];`,
    ),
    ...arrows(chart).map(
      ({ from, to, events }) => `  ${text(from)} -> ${text(to)} [label=${text(events)}];`,
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
