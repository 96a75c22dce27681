import { describe, expect, it } from 'vitest';
import { pointFrom, pointName, pointsOf } from '../../../src/proof/prove/points.ts';

describe('a point of a proof', () => {
  it.each(['upgrade:power:17', 'reset:kill:9+4', 'upgrade-from-passive:power:1'])(
    'has a name that can be typed: %s',
    (name) => {
      const point = pointFrom(name);
      expect(point === undefined ? undefined : pointName(point)).toBe(name);
    },
  );

  it.each([
    '',
    'upgrade',
    'upgrade:power',
    'upgrade:power:0',
    'upgrade:fire:1',
    'move:kill:1',
    'upgrade:kill:1+2+3',
    'upgrade:kill:1:2',
  ])('is not "%s"', (text) => {
    expect(pointFrom(text)).toBeUndefined();
  });
});

describe('the points of a proof', () => {
  const records = new Map([
    ['upgrade', 5],
    ['reset', 3],
  ] as const);

  it('are every record at both levels, and all of them once more with a second cut', () => {
    const points = pointsOf(records, 7);
    const single = points.slice(0, 16);
    expect(new Set(single.map(pointName)).size).toBe(16);
    expect(single.every(({ records: { length } }) => length === 1)).toBe(true);
    const double = points
      .slice(16)
      .map((point) => ({ ...point, records: point.records.slice(0, 1) }));
    expect(new Set(double.map(pointName))).toEqual(new Set(single.map(pointName)));
  });

  it('come in the order of their seed', () => {
    const order = (seed: number) => pointsOf(records, seed).map(pointName);
    expect(order(1)).toEqual(order(1));
    expect(order(1)).not.toEqual(order(2));
  });
});
