/** `npm test` tries a sample, `npm run prove:full` everything, and cuts what carries on as well. */
import type { Cutting } from '../../../src/proof/cuts/every-boundary.ts';

export const EXTENT = process.env['SLOTWRIGHT_EXTENT'] === 'full' ? 'full' : 'sample';

/** One record in so many, when it is a sample. */
export function sample(oneIn: number): Pick<Cutting, 'oneIn' | 'cut'> {
  return EXTENT === 'full' ? { oneIn: 1, cut: 'the command and what carries it on' } : { oneIn };
}
