import { describe, expect, it } from 'vitest';
import type { EventRecord, LifecycleEvent } from '../../../state/records.ts';
import { hookFailures } from '../../../src/engine/hook-failures.ts';

const started = (step: string): LifecycleEvent => ({
  type: 'step.started',
  step,
  phase: 'run',
  attempt: 1,
  to: step,
});
const failed = (stage: string, step?: string): LifecycleEvent => ({
  type: 'hook.failed',
  stage,
  source: '/oem/a.yaml',
  ...(step === undefined ? {} : { step }),
  error: 'no',
});
const log = (...events: LifecycleEvent[]): EventRecord[] =>
  events.map((event, index) => ({
    v: 1,
    seq: index,
    op: 'x',
    at: '',
    mono: 0,
    prev: '',
    hash: '',
    event,
  }));

describe('failures of hooks in a log', () => {
  it('are those of the last run of each step', () => {
    const records = log(
      started('run-before-stage'),
      failed('before-upgrade', 'first'),
      started('run-chroot-stage'),
      failed('after-upgrade-chroot', 'gone when it ran again'),
      started('run-chroot-stage'),
      failed('after-upgrade-chroot.after', 'last'),
    );
    expect(hookFailures(records).map(({ stages, step }) => [stages, step])).toEqual([
      [['before-upgrade'], 'first'],
      [['after-upgrade-chroot.after'], 'last'],
    ]);
  });

  it('name a file that cannot be read once, with all stages that it failed in', () => {
    const records = log(
      started('run-before-stage'),
      failed('before-upgrade.before'),
      started('run-post-stage'),
      failed('post-upgrade.before'),
    );
    expect(hookFailures(records)).toEqual([
      { stages: ['before-upgrade', 'post-upgrade'], source: '/oem/a.yaml', error: 'no' },
    ]);
  });
});
