/** Reads an XState machine as a plain chart: states, edges, configuration. */
import { toDirectedGraph } from 'xstate/graph';
import * as z from 'zod';
import type { OperationMachine } from '../engine/operation-machine.ts';
import type { Plan } from '../../state/records.ts';
import type { MachineChart } from './machine-chart.ts';

export function chartOf(machine: OperationMachine, plan: Plan, title: string): MachineChart {
  const graph = toDirectedGraph(machine);
  const states = graph.children.map(({ stateNode }) => {
    const name = stateNode.key;
    return { name, title: titleOf(name, plan), kind: kindOf(name, plan, stateNode.type) };
  });
  const edges = graph.children.flatMap(({ edges: leaving }) =>
    leaving.map(({ source, target, transition }) => ({
      from: source.key,
      to: target.key,
      event: String(transition.eventType),
    })),
  );
  const initial = plan.steps[0]?.name ?? 'completed';
  return { name: plan.operation, title, initial, states, edges, config: plain(machine.config) };
}

function kindOf(name: string, plan: Plan, type: string): MachineChart['states'][number]['kind'] {
  if (type === 'final') return 'final';
  if (name.startsWith('undo:')) return 'undo';
  return name === plan.pivot ? 'pivot' : 'step';
}

function titleOf(name: string, plan: Plan): string {
  const step = plan.steps.find((one) => one.name === name.replace(/^undo:/, ''));
  if (step === undefined) return name;
  return name.startsWith('undo:') ? `undo: ${step.title}` : step.title;
}

/** The configuration is built of data and names only, so that nothing is lost here. */
function plain(config: unknown): MachineChart['config'] {
  const copy: unknown = JSON.parse(JSON.stringify(config));
  return z.json().parse(copy);
}
