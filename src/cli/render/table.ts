/** Columns aligned by spaces; the last one is not padded. */
import { padded, widthOf } from './width.ts';

export function table(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, widthOf(cell))));
  }
  return rows
    .map((row) =>
      (
        indent +
        row
          .map((cell, index) =>
            index === row.length - 1 ? cell : padded(cell, widths[index] ?? 0),
          )
          .join('  ')
      ).trimEnd(),
    )
    .join('\n');
}
