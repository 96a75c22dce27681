import * as z from 'zod';
import { machineChartSchema } from '../../inspect/machine-chart.ts';
import { textFlag, type Command } from '../command.ts';
import { EXIT } from '../../exit-codes.ts';
import { table } from '../render/table.ts';

const FORMATS = ['mermaid', 'dot', 'svg', 'json'] as const;

export const machines: Command = {
  name: 'machines',
  summary: 'list the operations, or draw the state machine of one',
  arguments: [{ name: 'OPERATION', presence: 'optional', says: 'as listed without it' }],
  flags: [
    {
      name: 'format',
      value: 'FORMAT',
      choices: FORMATS,
      says: 'mermaid (default), dot for Graphviz, svg, json as XState tools open it',
    },
  ],
  examples: [
    { says: 'which operations there are', line: 'machines' },
    { says: 'a picture', line: 'machines upgrade --format svg > upgrade.svg' },
  ],
  output: z.union([
    z.object({ operations: z.array(z.object({ name: z.string(), title: z.string() })) }),
    machineChartSchema,
  ]),
  run: async ({ services }, invocation) => {
    const from = await services();
    const [name] = invocation.arguments;
    if (name === undefined) {
      const operations = await from.operations();
      const text = table(operations.map((operation) => [operation.name, operation.title]));
      return { exit: EXIT.ok, document: { operations }, text, says: 'answer' };
    }
    const chart = await from.machine(name);
    const asked = textFlag(invocation, 'format');
    const format = FORMATS.find((one) => one === asked) ?? 'mermaid';
    const { chartText } = await import('../render/chart/chart-text.ts');
    return {
      exit: EXIT.ok,
      document: chart,
      text: chartText(chart, format),
      says: 'answer',
    };
  },
};
