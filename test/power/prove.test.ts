/** What a user learns of an image and hooks from `prove`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/exit-codes.ts';
import { missingForRig } from '../../src/proof/cuts/rig.ts';
import { pointFrom } from '../../src/proof/prove/points.ts';
import { prove, type ProofReport, type ProofRequest } from '../../src/proof/prove/prove.ts';
import { makeTinyTree } from '../../src/sandbox/tiny-tree.ts';
import { createLinuxSystem } from '../../src/system/linux/index.ts';
import { noStages } from '../support/no-stages.ts';
import { buildProgram } from '../support/power/program.ts';

const missing = await missingForRig();
if (missing !== undefined) process.stdout.write(`prove: left out, ${missing}\n`);
const LONG = 300_000;

describe.skipIf(missing !== undefined)('a proof', () => {
  let folder: string;
  let program: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slotwright-prove-test-'));
    program = buildProgram(folder);
  }, LONG);
  afterAll(() => rm(folder, { recursive: true }));

  const proved = (hook: string, more: Partial<ProofRequest>): Promise<ProofReport> =>
    prove(
      createLinuxSystem({ stages: noStages }),
      {
        hooks: { 'hook.yaml': hook },
        operations: ['upgrade'],
        budgetSeconds: Infinity,
        seed: 1,
        program,
        ...more,
      },
      { signal: new AbortController().signal, note: () => undefined },
    );

  it(
    'holds for an image and a hook that may be run again, and leaves out what no two runs have in common',
    { timeout: LONG },
    async () => {
      const path = join(folder, 'image');
      await makeTinyTree({ path, version: '7', ballastBytes: 2 ** 20 });
      const report = await proved(hookThat('date +%s%N > /etc/when'), {
        image: { kind: 'dir', path, uri: `dir:${path}` },
        point: { operation: 'upgrade', level: 'power', records: [26, 4] },
      });
      expect(report).toMatchObject({ violations: [], cuts: { power: 2, kill: 0 } });
      expect(report.operations[0]).toMatchObject({ operation: 'upgrade', leftOut: ['/etc/when'] });
    },
  );

  it(
    'says what differs where a hook does something else when it is run again',
    { timeout: LONG },
    async () => {
      const hook = hookThat('[ -e /oem/ran ] || echo 1 > /etc/once; touch /oem/ran');
      const { violations, ended } = await proved(hook, {});
      expect(ended).toBe('violation');
      expect(violations[0]?.sentences[0]).toContain('/etc/once');
      const again = await proved(hook, pointOf(violations[0]?.point));
      expect(again.violations[0]?.sentences[0]).toContain('/etc/once');
    },
  );

  it('is refused for an image that is not there', { timeout: LONG }, async () => {
    const path = join(folder, 'gone');
    const image = { kind: 'dir', path, uri: `dir:${path}` } as const;
    await expect(proved(hookThat('true'), { image })).rejects.toMatchObject({
      exit: EXIT.noSource,
    });
  });
});

function pointOf(name = ''): Pick<ProofRequest, 'point'> {
  const point = pointFrom(name);
  return point === undefined ? {} : { point };
}

function hookThat(command: string): string {
  const step = `[{ commands: [${JSON.stringify(command)}] }]`;
  return `stages:\n  after-upgrade-chroot: ${step}\n  after-reset-chroot: ${step}\n`;
}
