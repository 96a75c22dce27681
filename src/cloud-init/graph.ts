import { closestWord } from './decode/closest-word.ts';
import type { CodedProblem } from './decode/reading.ts';
import type { Step } from './step.ts';

/** A step and where it comes from. */
export interface PlacedStep {
  /** The file, or what else the text was read from. */
  readonly source: string;
  /** First half of the graph name: the document's `name`, else the file. */
  readonly group: string;
  /** Place in its list. */
  readonly index: number;
  readonly step: Step;
}

export interface Layers {
  /** Steps of one layer may run at the same time; a layer starts when the one before has ended. */
  readonly layers: readonly (readonly PlacedStep[])[];
  /** What each step waits for, and why. */
  readonly waits: readonly Wait[];
  readonly problems: readonly OrderProblem[];
}

/** A wish of `after` that was dropped. */
export interface OrderProblem extends CodedProblem {
  readonly source: string;
  readonly step: string;
  /** The name that was asked for. */
  readonly wish: string;
}

/** `list`: it stands before it; `file`: its file comes before; `after`: it is named. */
export interface Wait {
  readonly step: PlacedStep;
  readonly waitsFor: PlacedStep;
  readonly because: 'list' | 'file' | 'after';
}

/**
 * The order of the steps of one source. A step comes after the one before it in its list and after the steps of all
 * files before its own; a step with `after` comes after the named ones only. Every step is in exactly one layer: a name
 * that nobody has, or a cycle, is a problem of the step that says it, and that wish alone is dropped.
 */
export function layersOf(steps: readonly PlacedStep[]): Layers {
  const problems: OrderProblem[] = [];
  const reasons: Wait[] = [];
  const waits = steps.map(() => new Set<number>());
  const names = graphNames(steps);

  // Edges that all lead to earlier steps close no cycle: searching for one at each would take minutes for hundreds of files.
  let mayClose = true;
  const addEdge = (from: number, to: number, because: Wait['because']): 'added' | 'cycle' => {
    if (mayClose && reaches(waits, to, from)) {
      return 'cycle';
    }
    waits[from]?.add(to);
    const [step, waitsFor] = [steps[from], steps[to]];
    if (step !== undefined && waitsFor !== undefined) {
      reasons.push({ step, waitsFor, because });
    }
    return 'added';
  };

  steps.forEach((placed, from) => {
    for (const { name = '', at } of placed.step.after ?? []) {
      const targets = names.get(name) ?? [];
      const missing = targets.length === 0;
      const closed = targets.filter((to) => addEdge(from, to, 'after') === 'cycle');
      if (missing || closed.length > 0) {
        const problem = missing
          ? unknownName(name, names)
          : { code: 'cycle', message: `\`after: ${name}\` closes a cycle` };
        const { source } = placed;
        problems.push({ ...problem, at, source, step: stepLabel(placed), wish: name });
      }
    }
  });
  mayClose = waits.some((targets, from) => [...targets].some((to) => to >= from));
  steps.forEach((placed, from) => {
    if ((placed.step.after ?? []).length === 0) {
      predecessors(steps, from).forEach((to) =>
        addEdge(from, to, steps[to]?.source === placed.source ? 'list' : 'file'),
      );
    }
  });
  return { layers: collect(steps, waits), waits: reasons, problems };
}

/** What people call a step: its name, or its place. */
export function stepLabel(placed: PlacedStep): string {
  return placed.step.name ? placed.step.name : `step ${String(placed.index + 1)}`;
}

function graphNames(steps: readonly PlacedStep[]): Map<string, readonly number[]> {
  const names = new Map<string, readonly number[]>();
  steps.forEach(({ group, index, step }, position) => {
    const own = step.name ?? '';
    const spellings = [`${group}.${String(index)}`, `${group}.${own}.${String(index)}`];
    for (const name of own === '' ? spellings : [`${group}.${own}`, ...spellings]) {
      names.set(name, [...(names.get(name) ?? []), position]);
    }
  });
  return names;
}

function unknownName(name: string, names: Map<string, readonly number[]>): CodedProblem {
  const known = [...names.keys()];
  const meant =
    known.find((candidate) => candidate.endsWith(`.${name}`)) ?? closestWord(name, known);
  const hint = meant === undefined ? '' : `, did you mean \`${meant}\`?`;
  return {
    code: 'unknown-step',
    message: `\`after\` names the step \`${name}\`, which is not there${hint}`,
    expected: meant ?? 'the graph name of a step: `file.step`',
  };
}

/** The step before in the list; for the first of a list, all unordered steps of the files before. */
function predecessors(steps: readonly PlacedStep[], from: number): readonly number[] {
  const self = steps[from];
  const before = steps[from - 1];
  if (self === undefined || before === undefined) {
    return [];
  }
  const earlier = steps.flatMap((placed, position) =>
    position < from && placed.source !== self.source && (placed.step.after ?? []).length === 0
      ? [position]
      : [],
  );
  return before.source === self.source ? [from - 1, ...earlier] : earlier;
}

function reaches(waits: readonly ReadonlySet<number>[], from: number, to: number): boolean {
  const seen = new Set<number>();
  const open = [from];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === to) {
      return true;
    }
    if (!seen.has(next)) {
      seen.add(next);
      open.push(...(waits[next] ?? []));
    }
  }
  return false;
}

function collect(
  steps: readonly PlacedStep[],
  waits: readonly ReadonlySet<number>[],
): readonly (readonly PlacedStep[])[] {
  const done = new Set<number>();
  const layers: PlacedStep[][] = [];
  while (done.size < steps.length) {
    const ready = steps.flatMap((_placed, position) =>
      !done.has(position) && [...(waits[position] ?? [])].every((wait) => done.has(wait))
        ? [position]
        : [],
    );
    ready.forEach((position) => done.add(position));
    layers.push(ready.flatMap((position) => steps[position] ?? []));
  }
  return layers;
}
