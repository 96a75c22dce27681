import { describe, expect, it } from 'vitest';
import { execAt } from '../../../../src/system/linux/stage-exec.ts';

const place = { prefix: [], environment: { PATH: '/usr/bin:/bin' }, startIn: '/' };

describe('a program that no system can start', () => {
  it.each([
    ['has a zero byte in its words', ['/bin/echo', 'a\0b']],
    ['has words longer than the kernel takes', ['/bin/echo', 'x'.repeat(300_000)]],
    ['is not there', ['/no/such/program']],
  ] as const)('is told as one that could not be started: it %s', async (_why, argv) => {
    const signal = new AbortController().signal;
    const result = await execAt(place, { argv, signal, output: () => undefined });
    expect(result).toMatchObject({ ended: 'missing' });
  });
});
