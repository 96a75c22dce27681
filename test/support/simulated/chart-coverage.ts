/** Which transitions of an operation's chart a set of logs has taken, and which there are. */
import { toDirectedGraph, type DirectedGraphNode } from 'xstate/graph';
import { foldOperation, next, type OperationState } from '../../../src/engine/fold.ts';
import { operationMachine } from '../../../src/engine/operation-machine.ts';
import type { EventRecord, Plan } from '../../../state/records.ts';

/** `state --event--> state`, for every transition of the chart that changes the state. */
export function transitionsIn(plan: Plan): ReadonlySet<string> {
  const machine = operationMachine(plan);
  const graph = toDirectedGraph(machine);
  return new Set(graph.children.flatMap((node) => edgesOf(node)));
}

/** The same, as this log took them. */
export function transitionsTaken(records: readonly EventRecord[]): ReadonlySet<string> {
  const taken = new Set<string>();
  const first = records.findIndex(({ event }) => event.type === 'operation.started');
  let state: OperationState | undefined = foldOperation(records.slice(0, first + 1));
  for (const record of records.slice(first + 1)) {
    if (state === undefined) break;
    const after = next(state, record);
    if (after.state !== state.state) {
      taken.add(`${state.state} --${record.event.type}--> ${after.state}`);
    }
    state = after;
  }
  return taken;
}

function edgesOf(node: DirectedGraphNode): readonly string[] {
  return node.edges
    .filter((edge) => edge.source !== edge.target)
    .map((edge) => `${edge.source.key} --${edge.label.text}--> ${edge.target.key}`);
}
