/** A chart in the notation that was asked for. */
import type { MachineChart } from '../../../inspect/machine-chart.ts';
import { machineDiagram, type DiagramFormat } from '../../../inspect/machine-diagram.ts';
import type { PathTaken } from '../../../inspect/path-taken.ts';
import { chartSvg } from './drawing.ts';

export function chartText(
  chart: MachineChart,
  format: DiagramFormat | 'svg',
  path?: PathTaken,
): string {
  return format === 'svg' ? chartSvg(chart, path) : machineDiagram(chart, format, path);
}
