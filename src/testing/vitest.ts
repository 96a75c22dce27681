/** Matchers for vitest: `import 'slotwright/testing/vitest'` once, in a test or a setup file. */
import { expect } from 'vitest';
import { carriedOutAgain } from '../replay/again.ts';
import type { FieldOperation } from './field-log.ts';
import type { Given } from './given.ts';
import type { TestMachine } from './machine.ts';

export interface SlotwrightMatchers<R> {
  /** Of an operation, by its outcome; of a `given`, by the state of its machine. */
  toEndIn(state: string): R;
  /** Of a `given`: `deploy-image`, `undo:mount-target`, `nothing`. */
  toOwe(effect: string): R;
  /** Of an operation: the simulated machine does the same, record by record. */
  toComeAgain(): Promise<R>;
  /** Of a machine. */
  toKeepTheLaws(): Promise<R>;
}

declare module 'vitest' {
  // The type parameter is that of the interface it is merged with.
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type, @typescript-eslint/no-explicit-any
  interface Assertion<T = any> extends SlotwrightMatchers<T> {}
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type
  interface AsymmetricMatchersContaining extends SlotwrightMatchers<unknown> {}
}

expect.extend({
  toEndIn(received: FieldOperation | Given, wanted: string) {
    const found = 'outcome' in received ? received.outcome : received.state;
    return verdict(found === wanted, `it ends in ${found}`, `end in ${wanted}`);
  },
  toOwe(received: Given, wanted: string) {
    const found = received.owed ?? 'nothing';
    return verdict(found === wanted, `it owes ${found}`, `owe ${wanted}`);
  },
  async toComeAgain(received: FieldOperation) {
    const { difference, same } = await carriedOutAgain(received.records);
    const found =
      difference === undefined
        ? `all ${same} records came again`
        : `record ${difference.seq} says "${difference.recorded}", and now it is "${difference.again}"`;
    return verdict(difference === undefined, found, 'come again');
  },
  async toKeepTheLaws(received: TestMachine) {
    const broken = await received.brokenLaws();
    const found = broken.length === 0 ? 'it keeps every law' : broken.join('\n');
    return verdict(broken.length === 0, found, 'keep the laws');
  },
});

function verdict(pass: boolean, found: string, wanted: string) {
  return { pass, message: () => `expected it ${pass ? 'not ' : ''}to ${wanted}: ${found}` };
}
