import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../vm/arguments.ts';

describe('the arguments of a walk', () => {
  it('ask for everything when there are none', () => {
    expect(parseArguments([])).toEqual({
      scenarios: [],
      trees: [],
      faults: [],
      ways: [],
      cuts: { upgrade: 20, boot: 10, reset: 5, install: 10, from: 1, seed: 20_261_123 },
      moments: [],
    });
  });

  it('choose parts of scenarios', () => {
    const words =
      'cuts states --way efi-gpt --upgrade 3 --boot 0 --reset 4 --install 5 --from 2 --seed 7 --moment 4 --moment 5';
    expect(parseArguments([...words.split(' '), '--fault', 'init', '--tree', 'dracut'])).toEqual({
      scenarios: ['cuts', 'states'],
      trees: ['dracut'],
      faults: ['init'],
      ways: ['efi-gpt'],
      cuts: { upgrade: 3, boot: 0, reset: 4, install: 5, from: 2, seed: 7 },
      moments: [4, 5],
    });
  });

  it.each([
    [['--upgrade', 'many'], 'not a number: many'],
    [['--moment', '-1'], "'--moment' argument is ambiguous"],
    [['--unknown'], "Unknown option '--unknown'"],
  ])('that cannot be meant are refused: %s', (argv, wrong) => {
    expect(parseArguments(argv)).toEqual({
      wrong: expect.stringContaining(wrong) as unknown,
    });
  });
});
