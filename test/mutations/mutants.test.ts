/** That faults planted into the sources are noticed: a few here, all of them by `npm run mutants`. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MUTANTS } from './catalogue.ts';
import { unit } from './catalogue/sightings.ts';
import { changesOf, planted, type Mutant } from './mutant.ts';
import type { FailureReport } from './failure-report.ts';
import { summaryOf, tableOf } from './table.ts';
import { openCourt, verdictOf, type Court, type Verdict } from './trial.ts';
import { openWorkshop, type Workshop } from './workshop.ts';

/** A run of vitest inside this one, on a busy machine. */
const LONG = 180_000;

describe('the faults', () => {
  it('fit the sources as they are now', async () => {
    const moved: string[] = [];
    for (const change of MUTANTS.flatMap(changesOf)) {
      const source = await readFile(change.file, 'utf8');
      try {
        expect(planted(source, change)).not.toBe(source);
      } catch (error) {
        moved.push(String(error));
      }
    }
    expect(moved).toEqual([]);
  });

  it('have a name each, and break every law', () => {
    const names = MUTANTS.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    const laws = new Set(MUTANTS.map(({ law }) => law));
    expect([...laws].sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});

describe('planted into a copy of the sources', () => {
  let workshop: Workshop;
  let court: Court;

  beforeAll(async () => {
    workshop = await openWorkshop(process.cwd());
    court = openCourt(workshop);
  }, LONG);
  afterAll(() => workshop.destroy());

  const one = (name: string): Mutant => {
    const found = MUTANTS.find((mutant) => mutant.name === name);
    if (found === undefined) throw new Error(`there is no fault ${name}`);
    return found;
  };

  it.each(['no-settle', 'effect-first', 'last-good-not-kept'])(
    'the fault %s is found by the crash model',
    { timeout: LONG },
    async (name) => {
      const fault = one(name);
      expect(await court.judge(fault, fault.foundBy[0])).toMatchObject({ verdict: 'found' });
    },
  );

  it('what breaks nothing survives', { timeout: LONG }, async () => {
    const fault = one('landing-not-checked');
    const harmless = { ...fault, becomes: `${fault.text} // as before` };
    expect(await court.judge(harmless, fault.foundBy[0])).toEqual({ verdict: 'survived' });
  });

  it('a test that nobody wrote proves nothing', { timeout: LONG }, async () => {
    const fault = one('landing-not-checked');
    const absent = { ...fault.foundBy[0], title: 'no test has this title' };
    expect(await court.judge(fault, absent)).toMatchObject({ verdict: 'no proof' });
  });
});

describe('what came of a test', () => {
  const sighting = { ...unit('some', 'title'), says: /law 1: GRUB may find/ };
  const report = (error: string, text: string): FailureReport => ({
    passed: 3,
    skipped: 0,
    failures: [{ title: 'boots', error, text }],
    broken: [],
  });
  const promise = 'expected [ …(1) ] to deeply equal []\n+   "law 1: GRUB may find nothing",';

  it('is a proof when the promise failed, in its own words', () => {
    expect(verdictOf(report('AssertionError', promise), sighting)).toEqual({
      verdict: 'found',
      title: 'boots',
      said: 'law 1: GRUB may find nothing',
    });
  });

  it.each([
    ['another promise failed', report('AssertionError', 'law 2: the last good image')],
    ['the sources are no program any more', report('ReferenceError', promise)],
    ['the tests did not load', { passed: 0, skipped: 0, failures: [], broken: [promise] }],
    ['nothing was run', { passed: 0, skipped: 0, failures: [], broken: [] }],
  ])('is none when %s', (_why, found) => {
    expect(verdictOf(found, sighting)).toMatchObject({ verdict: 'no proof' });
  });

  it('stands in the table and in the count', () => {
    const mutant = MUTANTS[0]!;
    const judged = (verdict: Verdict) => ({ mutant, sighting, verdict });
    const all = [
      judged({ verdict: 'found', title: 'boots', said: 'law 1: GRUB may find nothing' }),
      judged({ verdict: 'survived' }),
    ];
    expect(tableOf(all).split('\n').slice(2)).toEqual([
      `| ${mutant.fault} | ${mutant.law} | unit | law 1: GRUB may find nothing |`,
      `| ${mutant.fault} | ${mutant.law} | unit | **not noticed** |`,
    ]);
    expect(summaryOf(all)).toContain('1 missed, 0 left out');
  });
});
