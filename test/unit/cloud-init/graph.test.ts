import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDocument } from '../../../src/cloud-init/document.ts';
import type { PlacedStep } from '../../../src/cloud-init/graph.ts';
import { layersOf, stepLabel } from '../../../src/cloud-init/graph.ts';

function stepsOf(files: Readonly<Record<string, string>>): readonly PlacedStep[] {
  return Object.entries(files).flatMap(([source, text]) => {
    const document = readDocument(text, { stage: 's', notation: 'yaml' });
    return document.steps.map((step, index) => ({
      source,
      group: document.name ?? source,
      index,
      step,
    }));
  });
}

const order = (files: Readonly<Record<string, string>>) => {
  const { layers, problems } = layersOf(stepsOf(files));
  return {
    layers: layers.map((layer) => layer.map(stepLabel)),
    problems: problems.map(({ step, message, at }) => [step, message, at?.line]),
  };
};

describe('the order of steps', () => {
  it('is that of the list and of the files, one after the other', () => {
    expect(
      order({
        '1.yaml': 'stages: {s: [{name: a}, {name: b}]}',
        '2.yaml': 'stages: {other: [{name: x}]}',
        '3.yaml': 'stages: {s: [{name: c}, {name: c}, {name: c}]}',
      }),
    ).toEqual({ layers: [['a'], ['b'], ['c'], ['c'], ['c']], problems: [] });
  });

  it('lets steps that wait for the same one run side by side', () => {
    const text =
      'name: g\nstages: {s: [{name: a}, {name: b, after: [{name: g.a}]}, {name: c, after: [{name: g.a}]}, {name: d, after: [{name: g.b}, {name: g.c}]}]}';
    expect(order({ f: text })).toEqual({ layers: [['a'], ['b', 'c'], ['d']], problems: [] });
  });

  it('follows a wish that points further down', () => {
    const text = 'name: g\nstages: {s: [{name: a, after: [{name: g.c}]}, {name: b}, {name: c}]}';
    expect(order({ f: text })).toEqual({ layers: [['c'], ['a'], ['b']], problems: [] });
  });

  it('knows steps by their place, too, and by the path of their file', () => {
    const text = 'stages: {s: [{name: a, after: [{name: /x/f.1}]}, {commands: [b]}]}';
    expect(order({ '/x/f': text }).layers).toEqual([['step 2'], ['a']]);
  });

  it('tells an unknown name and drops only that wish', () => {
    const text = 'name: g\nstages:\n  s:\n  - name: a\n  - name: b\n    after: [{name: a}]\n';
    expect(order({ f: text })).toEqual({
      layers: [['a', 'b']],
      problems: [['b', '`after` names the step `a`, which is not there, did you mean `g.a`?', 6]],
    });
  });

  it('tells a cycle, and every step still has its turn', () => {
    const text =
      'name: g\nstages:\n  s:\n  - {name: a, after: [{name: g.b}]}\n  - {name: b, after: [{name: g.a}]}\n  - {name: c, after: [{name: g.c}]}\n';
    expect(order({ f: text })).toEqual({
      layers: [['b', 'c'], ['a']],
      problems: [
        ['b', '`after: g.a` closes a cycle', 5],
        ['c', '`after: g.c` closes a cycle', 6],
      ],
    });
  });

  it('never loses a step and never runs one twice, whatever the wishes', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.record({
      name,
      after: fc.array(
        name.map((wish) => ({ name: `g.${wish}` })),
        { maxLength: 3 },
      ),
    });
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 4 }), (files) => {
        const steps = stepsOf(
          Object.fromEntries(
            files.map((list, index) => [
              String(index),
              JSON.stringify({ name: 'g', stages: { s: list } }),
            ]),
          ),
        );
        const { layers } = layersOf(steps);
        expect(new Set(layers.flat())).toEqual(new Set(steps));
        expect(layers.flat()).toHaveLength(steps.length);
      }),
    );
  });
});
