import { describe, expect, it } from 'vitest';
import { NonDeterminismError } from '../../../src/errors.ts';
import { operationMachine } from '../../../src/engine/operation-machine.ts';
import { done, fails, given, planWith, start, type When } from '../../support/given.ts';

const plan = planWith(
  { name: 'check' },
  { name: 'make', undo: true },
  { name: 'fill', discardTo: 'make' },
  { name: 'keep', undo: true },
  { name: 'pivot' },
  { name: 'tidy' },
  { name: 'post', onFailure: 'report' },
);
const upTo = (...steps: string[]) => given(plan).when(...steps.flatMap((s) => [start(s), done(s)]));

describe('the machine of an operation', () => {
  it('owes its steps in the order of the plan and then nothing', () => {
    expect(given(plan).owes).toBe('check');
    expect(upTo('check').owes).toBe('make');
    expect(upTo('check', 'make', 'fill', 'keep', 'pivot', 'tidy', 'post').owes).toBe('completed');
  });

  it('remembers what each step found', () => {
    expect(upTo('check', 'make').context.outputs).toEqual({
      check: { from: 'check' },
      make: { from: 'make' },
    });
  });

  it.each([
    ['check', [], 'rolled-back'],
    ['make', ['check'], 'undo:make'],
    ['fill', ['check', 'make'], 'undo:make'],
    ['keep', ['check', 'make', 'fill'], 'undo:keep'],
  ])('turns back when %s fails before the pivot', (step, before, owed) => {
    expect(upTo(...before).when(start(step), fails(step)).owes).toBe(owed);
  });

  it('undoes in reverse, only what can be undone', () => {
    const undoing = upTo('check', 'make', 'fill').when(start('keep'), fails('keep'));
    expect(undoing.owes).toBe('undo:keep');
    const next = undoing.when(start('keep', 'undo'), done('keep', 'undo'));
    expect(next.owes).toBe('undo:make');
    expect(next.when(start('make', 'undo'), done('make', 'undo')).owes).toBe('rolled-back');
  });

  it.each(['pivot', 'tidy'])('never turns back when %s fails: it is owed again', (step) => {
    const before = ['check', 'make', 'fill', 'keep', ...(step === 'tidy' ? ['pivot'] : [])];
    const failed = upTo(...before).when(start(step), fails(step));
    expect(failed.owes).toBe(step);
    expect(failed.context.failure?.error.message).toBe(`${step} failed`);
  });

  it('goes on after a failure that is only reported', () => {
    const all = upTo('check', 'make', 'fill', 'keep', 'pivot', 'tidy');
    const end = all.when(start('post'), fails('post'));
    expect(end.owes).toBe('completed');
    expect(end.context.reported.map(({ step }) => step)).toEqual(['post']);
  });

  it('goes back for a new target when one is spoiled, and counts the targets', () => {
    const spoiled = upTo('check', 'make').when(start('fill'), {
      type: 'target.spoiled',
      step: 'fill',
      generation: 2,
      reason: 'test',
    });
    expect(spoiled.owes).toBe('make');
    expect(spoiled.context.generation).toBe(2);
  });

  it('counts starts that came to nothing, over spoiled targets too, until a result comes', () => {
    const spoil = { type: 'target.spoiled', step: 'fill', generation: 2, reason: 'test' } as const;
    const again = upTo('check', 'make').when(start('fill'), spoil, start('make'), done('make'));
    expect(again.when(start('fill')).context.attempts['fill']).toBe(2);
    expect(again.when(start('fill'), done('fill')).context.attempts['fill']).toBeUndefined();
  });

  it('does not count a start that was stopped on purpose', () => {
    const stopped = upTo('check').when(start('make'), {
      type: 'operation.interrupted',
      reason: 'SIGTERM',
    });
    expect(stopped.context.attempts['make']).toBe(0);
    expect(stopped.owes).toBe('make');
    expect(stopped.context.running).toBe('make');
  });

  it.each([
    ['check', [], 'rolled-back'],
    ['fill', ['check', 'make'], 'undo:make'],
    ['pivot', ['check', 'make', 'fill', 'keep'], 'undo:keep'],
  ])('can be aborted while %s is owed and not begun', (_step, before, owed) => {
    const abort = { type: 'rollback.requested', by: 'abort', reason: 'test' } as const;
    expect(upTo(...before).when(abort).owes).toBe(owed);
  });

  it('cannot be aborted once the pivot was begun, but where the disk shows that it was not made', () => {
    const abort = { type: 'rollback.requested', by: 'abort', reason: 'test' } as const;
    const looked = { ...abort, pivot: 'not-made' } as const;
    const before = ['check', 'make', 'fill', 'keep'];
    expect(upTo(...before).when(start('pivot'), abort).owes).toBe('pivot');
    expect(upTo(...before).when(start('pivot'), looked).owes).toBe('undo:keep');
    expect(upTo(...before, 'pivot').when(looked).owes).toBe('tidy');
  });

  it('is plain data, as tools that draw charts need it', () => {
    const { config } = operationMachine(plan);
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
  });
});

describe('folding a log', () => {
  it('refuses a record about a step that is not owed, by name', () => {
    expect(() => given(plan).when(start('fill'))).toThrow(NonDeterminismError);
    expect(() => given(plan).when(start('fill'))).toThrow(/"fill", but "check" is owed/);
  });

  it('refuses a record that was written as leading elsewhere', () => {
    expect(() => given(plan).when({ ...start('check'), to: 'make' } as When)).toThrow(
      /leads to "check" here, but was written as leading to "make"/,
    );
  });
});
