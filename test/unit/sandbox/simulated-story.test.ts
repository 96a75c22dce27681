import { expect, it } from 'vitest';
import { tellSimulatedStory } from '../../../src/sandbox/simulated-story.ts';

it('the story is told on the simulated machine where no real one can be had, and says so', async () => {
  const lines: string[] = [];
  const code = await tellSimulatedStory('it needs root', {
    output: (line) => void lines.push(line),
    signal: new AbortController().signal,
  });
  const text = lines.join('\n');
  expect(code).toBe(0);
  expect(text).toContain('Simulated, because a real disk cannot be had here: it needs root.');
  expect(text).toContain('owes run-chroot-stage');
  expect(text.match(/VERSION=2\.0/g)).toHaveLength(2);
  expect(text).not.toMatch(/undefined|^ +NO /m);
});
