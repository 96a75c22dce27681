import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/exit-codes.ts';
import type { ProofReportView } from '../../src/cli/commands/prove.ts';
import type { ProofWish } from '../../src/cli/services.ts';
import { runCli } from './run-cli.ts';

const REPORT: ProofReportView = {
  seed: 1,
  operations: [
    { operation: 'upgrade', records: 46, seconds: 1.7, leftOut: ['/etc/when'], failedHooks: [] },
  ],
  points: { tried: 12, all: 184 },
  cuts: { power: 7, kill: 5 },
  violations: [],
  ended: 'budget',
  seconds: 61,
};

const VIOLATED: ProofReportView = {
  ...REPORT,
  ended: 'violation',
  violations: [
    {
      point: 'upgrade:power:17',
      sentences: ['after record 17: active is not what it is when nothing is cut, in /etc/once'],
    },
  ],
};

describe('prove', () => {
  it('tells what was tried, what was left out, and what was not reached', async () => {
    const { asked, result } = await proved(REPORT, ['prove', '--hooks', 'a.yaml']);
    expect(result.exit).toBe(EXIT.ok);
    expect(result.stdout).toContain('/etc/when differs from run to run');
    expect(result.stdout).toContain('7 power cuts and 5 kills');
    expect(result.stdout).toContain('every law held');
    expect(result.stdout).toContain('172 of 184 points');
    expect(asked).toMatchObject({ operations: ['upgrade', 'reset'], budgetSeconds: 600, seed: 1 });
  });

  it('ends with a code of its own at a violation, and says how to see it again', async () => {
    const line = ['prove', '--hooks', 'my hooks', '--budget', '1h', '--seed=3'];
    const { result } = await proved(VIOLATED, line);
    expect(result.exit).toBe(EXIT.lawBroken);
    expect(result.stdout).toContain('violated at upgrade:power:17');
    expect(result.stdout).toContain("prove --hooks 'my hooks' --point upgrade:power:17");
  });

  it('asks for what its flags say', async () => {
    const words = '--operation reset --operation reset --budget 2h --seed 9 --image dir:/tree';
    const { asked } = await proved(REPORT, ['prove', ...words.split(' ')]);
    expect(asked).toMatchObject({
      operations: ['reset'],
      budgetSeconds: 7200,
      seed: 9,
      image: { kind: 'dir', path: '/tree' },
    });
  });

  it.each([
    ['--budget', 'soon'],
    ['--budget', '0m'],
    ['--seed', '-1'],
    ['--operation', 'install'],
    ['--point', 'upgrade:17'],
  ])('refuses %s %s before anything is made', async (flag, value) => {
    const result = await runCli(`prove ${flag}=${value}`);
    expect(result.exit).toBe(EXIT.usage);
    expect(result.stderr).toContain(flag);
  });
});

async function proved(report: ProofReportView, args: readonly string[]) {
  const wishes: ProofWish[] = [];
  const services = {
    prove: async (wish: ProofWish) => {
      wishes.push(wish);
      return report;
    },
  };
  return { result: await runCli(args, { services }), asked: wishes[0] };
}
