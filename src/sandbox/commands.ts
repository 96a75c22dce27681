import { createSandbox, type SandboxRecipe } from './create.ts';
import { runDemo } from './demo.ts';
import { interruptible, whileBooted } from './machine.ts';
import { readFacts, removePlace, sandboxPlace } from './place.ts';
import { requireRealMachine } from './requirements.ts';

/** What the commands tell while they work, and how they are stopped. */
export interface SandboxHooks {
  readonly signal: AbortSignal;
  /** Text for people, a line at a time. */
  readonly output: (text: string) => void;
  /** What is being done, in one line. */
  readonly note: (text: string) => void;
}

/** `sandbox create`: makes the sandbox in this directory; an earlier one there is replaced, its downloads are kept. */
export async function sandboxCreate(
  directory: string,
  hooks: SandboxHooks,
  recipe: SandboxRecipe = {},
): Promise<{ readonly created: readonly string[] }> {
  await requireRealMachine();
  const place = sandboxPlace(directory);
  await interruptible(hooks.signal, () => createSandbox(place, recipe, hooks.note));
  return { created: [place.disk] };
}

/** `sandbox shell`: boots it and gives the terminal a shell inside; returns the exit code of the shell. */
export async function sandboxShell(directory: string): Promise<number> {
  return sandboxRun(directory, ['sh', '-l']);
}

/** `sandbox run`: boots it, runs one command on this terminal, shuts it down; returns the exit code of the command. */
export async function sandboxRun(directory: string, command: readonly string[]): Promise<number> {
  await requireRealMachine();
  const place = sandboxPlace(directory);
  await readFacts(place);
  const signal = new AbortController().signal;
  // The terminal sends Ctrl-C to the command as well, and that is whom it is for.
  const leaveIt = (): void => undefined;
  process.on('SIGINT', leaveIt);
  try {
    return await whileBooted({ place, disk: place.disk, signal }, async (booted) => {
      const { code } = await booted.run(command, { terminal: 'inherit' });
      return code;
    });
  } finally {
    process.off('SIGINT', leaveIt);
  }
}

/** `sandbox destroy`: removes the directory, if it is a sandbox. */
export async function sandboxDestroy(directory: string): Promise<void> {
  await removePlace(sandboxPlace(directory));
}

/** `sandbox demo`: an upgrade with hooks, then one that loses power. On the simulated machine where no real one can be had. */
export async function sandboxDemo(directory: string, hooks: SandboxHooks): Promise<number> {
  return runDemo(sandboxPlace(directory), hooks);
}
