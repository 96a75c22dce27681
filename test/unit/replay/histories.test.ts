/** What earlier versions recorded on real disks and virtual machines: every later one has to follow it, and do the same (law 7). */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { replayed } from '../../../src/inspect/transitions.ts';
import { chartOf } from '../../../src/inspect/chart-of.ts';
import { machineDiagram } from '../../../src/inspect/machine-diagram.ts';
import { carriedOutAgain } from '../../../src/replay/again.ts';
import { loadLog } from '../../../src/testing/index.ts';
import { operationMachine } from '../../../src/engine/operation-machine.ts';
import { foldOperation } from '../../../src/engine/fold.ts';

const HISTORIES = path.resolve('test/histories');

const kept = (await readdir(HISTORIES, { recursive: true }))
  .filter((name) => name.endsWith('.bundle'))
  .sort();

/** Not carried out on a simulated machine: what they look at is not on it. */
const FOLDED_ONLY = ['assess-boot', 'install', 'prepare-disk'];

describe.each(kept)('the history %s', (name) => {
  const log = loadLog(path.join(HISTORIES, name));

  it('is followed to where it went, each record leading where it led', async () => {
    const told = (await log).operations.map(({ operation, records }) => {
      const { transitions, state, error } = replayed(records);
      const moves = transitions.filter(({ from, to }) => from !== to).map(({ to }) => to);
      return { operation, moves, state, error };
    });
    await expect(JSON.stringify(told, null, 2)).toMatchFileSnapshot(
      path.join(HISTORIES, `${name}.told.json`),
    );
  });

  it('comes again on a simulated machine, record by record', async () => {
    for (const { operation, records } of (await log).operations) {
      if (FOLDED_ONLY.includes(operation)) continue;
      expect(await carriedOutAgain(records)).not.toHaveProperty('difference');
    }
  });

  it('is drawn as it was', async () => {
    const charts = (await log).operations.map(({ records }) => {
      const plan = foldOperation(records)?.started.plan;
      if (plan === undefined) return '';
      return machineDiagram(chartOf(operationMachine(plan), plan, plan.operation), 'mermaid');
    });
    await expect(charts.join('\n\n')).toMatchFileSnapshot(
      path.join(HISTORIES, `${name}.chart.txt`),
    );
  });
});
