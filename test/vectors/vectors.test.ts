/** All public vectors of the dialect, on a real root, as `npm run vectors` runs them. Needs root and, once, the package archive. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readJson } from './case.ts';

const root = process.getuid?.() === 0;
if (!root) process.stdout.write('vectors: left out, they need root\n');

/** Cases where we do otherwise than the reference although its way is not called wrong; the page says why. */
const onPurpose = ['file-b64-unpadded', 'tmpl-exec-error-partial'];
/** The exit code of the runner where there is no base root and none can be made. */
const cannotBeRunHere = 75;

interface Report {
  readonly count: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly cases: readonly { readonly id: string; readonly verdict: string }[];
}

describe.runIf(root)('the vectors of the dialect', () => {
  it('all agree, but for those that differ on purpose', { timeout: 600_000 }, (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'slotwright-vectors-'));
    try {
      const report = join(folder, 'report.json');
      const command = ['src/setup.mjs', 'vectors', '--report', report];
      const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
      if (status === cannotBeRunHere) {
        process.stdout.write(`vectors: left out: ${stderr}`);
        context.skip(stderr);
      }
      expect(status, stdout + stderr).toBe(0);
      const { count, cases, seconds } = readJson(report) as Report;
      process.stdout.write(`vectors: ${JSON.stringify(count)} in ${String(seconds)} s\n`);
      expect(cases.length).toBeGreaterThan(180);
      const others = cases.filter(({ verdict }) => verdict !== 'agree');
      expect(others.map(({ id, verdict }) => `${verdict} ${id}`)).toEqual(
        onPurpose.map((id) => `deviate ${id}`),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
