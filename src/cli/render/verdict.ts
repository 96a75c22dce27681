/** What verifying the history came to. */
import type { Verdict } from '../../inspect/verdict.ts';
import { printable } from './width.ts';

export function verdictText({ records, operations, unfinished, ...more }: Verdict): string {
  const { first, last, head, remarks } = more;
  if (first === undefined || last === undefined) return 'there is no record yet';
  const open = unfinished === 0 ? '' : `, ${unfinished} of them unfinished`;
  return [
    `${records} records (${first} to ${last}): every one has its hash and follows the one before it`,
    `${operations} operations${open}: every transition leads where it was recorded to lead`,
    `head ${head ?? ''}`,
    ...remarks.map((remark) => `but ${remark}`),
  ]
    .map(printable)
    .join('\n');
}
