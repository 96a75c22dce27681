import { describe, expect, it } from 'vitest';
import { createClock, createIds } from '../../../../src/system/linux/clock.ts';

describe('the clock', () => {
  it('tells the time in UTC, to the millisecond', () => {
    expect(createClock().now()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('never goes back, also from one clock to the next', () => {
    const readings = [createClock(), createClock(), createClock()].map((clock) =>
      clock.monotonic(),
    );
    expect(readings).toEqual(readings.toSorted((a, b) => a - b));
  });
});

describe('ids', () => {
  it('are short, never alike, and never taken for a flag or misread', () => {
    const ids = createIds();
    const made = Array.from({ length: 2000 }, () => ids.next());
    expect(new Set(made).size).toBe(2000);
    for (const id of made) expect(id).toMatch(/^[2-9a-hjkmnp-z]{12}$/);
  });
});
