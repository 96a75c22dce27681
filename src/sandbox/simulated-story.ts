import { createStory } from './story.ts';

/** Tells the story of the demonstration on the simulated machine, after saying why not on a real one. */
export async function tellSimulatedStory(
  reason: string,
  hooks: { readonly output: (text: string) => void },
): Promise<number> {
  const story = createStory(hooks.output);
  hooks.output('An upgrade that keeps what you configured, then the same one without power.');
  hooks.output(`Simulated, because a real machine cannot be had here: ${reason}.`);
  story.line('');
  return 0;
}
