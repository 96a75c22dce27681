/** Where an operation is cut: names that can be typed, and the order in which they are tried. Pure. */
import { generator } from '../blocks/generator.ts';

export const OPERATION_NAMES = [
  'upgrade',
  'upgrade-from-passive',
  'upgrade-recovery',
  'reset',
  'deploy',
  'rollback',
] as const;
export type OperationName = (typeof OPERATION_NAMES)[number];

const LEVELS = ['power', 'kill'] as const;

export interface Point {
  readonly operation: OperationName;
  /** `power`: what was not written is lost. `kill`: SIGKILL, the machine stays up. */
  readonly level: (typeof LEVELS)[number];
  /** The command is cut after the first of these of its records, what carries it on after the second. From 1. */
  readonly records: readonly number[];
}

/** For instance `upgrade:power:17`, or `reset:kill:9+4` with a second cut. */
export function pointName({ operation, level, records }: Point): string {
  return `${operation}:${level}:${records.join('+')}`;
}

/** Absent when the text is no name of a point. */
export function pointFrom(text: string): Point | undefined {
  const [name, how, numbers = '', ...more] = text.split(':');
  const operation = OPERATION_NAMES.find((one) => one === name);
  const level = LEVELS.find((one) => one === how);
  if (operation === undefined || level === undefined || more.length > 0) return undefined;
  if (!/^[1-9][0-9]{0,5}(\+[1-9][0-9]{0,5})?$/.test(numbers)) return undefined;
  return { operation, level, records: numbers.split('+').map(Number) };
}

/**
 * Every record of every operation at both levels, in the order of the seed; then each of them once more, with a second cut in what carries
 * it on.
 */
export function pointsOf(
  records: ReadonlyMap<OperationName, number>,
  seed: number,
): readonly Point[] {
  const random = generator(seed);
  const shuffled = <T>(all: readonly T[]): readonly T[] =>
    all
      .map((one) => ({ one, by: random() }))
      .sort((a, b) => a.by - b.by)
      .map(({ one }) => one);
  const single = [...records].flatMap(([operation, count]) =>
    LEVELS.flatMap((level) =>
      Array.from({ length: count }, (_, index) => ({ operation, level, records: [index + 1] })),
    ),
  );
  // What is left of an operation is mostly shorter than half of it.
  const second = (operation: OperationName): number =>
    1 + Math.floor((random() * (records.get(operation) ?? 1)) / 2);
  return [
    ...shuffled(single),
    ...shuffled(single).map((point) => ({
      ...point,
      records: [...point.records, second(point.operation)],
    })),
  ];
}
