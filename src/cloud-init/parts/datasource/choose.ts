import { InterruptedError } from '../../../errors.ts';
import { throwIfInterrupted } from '../../interruption.ts';
import { EntryError } from '../entry-error.ts';
import { providers } from './catalog.ts';
import { failureOf } from './failure.ts';
import type { Findings, Search } from './findings.ts';
import type { ProviderName } from './names.ts';

/** What the one that answered says, and what those before it in the list said instead. */
export interface Choice {
  readonly findings: Findings;
  readonly failures: readonly string[];
}

type Outcome = { readonly findings: Findings } | { readonly failure: string };

/**
 * Looks at media first, as they are the machine's own, then asks all others at once. Of those that answer the first in the
 * list counts, however long the others take, so that a machine is not set up by who happens to be quicker. When it
 * returns, nothing is under way any more. Throws an `EntryError` with every provider's failure when nobody answers.
 */
export async function firstAnswer(
  names: readonly ProviderName[],
  search: Omit<Search, 'signal'>,
): Promise<Choice> {
  const failures: string[] = [];
  for (const group of [names.filter(isMedium), names.filter((name) => !isMedium(name))]) {
    const stop = new AbortController();
    const signal = AbortSignal.any([search.context.signal, stop.signal]);
    const looks = group.map((name) => ({ name, outcome: look(name, { ...search, signal }) }));
    try {
      for (const { name, outcome } of looks) {
        const found = await outcome;
        if ('findings' in found) {
          return { findings: found.findings, failures };
        }
        failures.push(`${name}: ${found.failure}`);
      }
    } finally {
      stop.abort();
      await Promise.allSettled(looks.map(({ outcome }) => outcome));
    }
  }
  throw new EntryError(['no data source gave anything', ...failures].join('; '));
}

function isMedium(name: ProviderName): boolean {
  return name === 'cdrom' || name === 'config-drive';
}

async function look(name: ProviderName, search: Search): Promise<Outcome> {
  try {
    return { findings: await providers[name](search) };
  } catch (error) {
    throwIfInterrupted(search.context.signal);
    if (error instanceof InterruptedError) {
      return { failure: 'no longer needed' };
    }
    return { failure: failureOf(error) };
  }
}
