import * as z from 'zod';
import { UsageError } from '../../errors.ts';
import { resolve } from 'node:path';
import type { Command, CommandResult, Context, Invocation } from '../command.ts';
import { EXIT } from '../../exit-codes.ts';
import { listenForStop } from '../interruption.ts';
import type { SandboxRecipe, SandboxServices, StageHooks } from '../services.ts';

const ACTIONS = ['create', 'shell', 'run', 'destroy', 'demo'] as const;
type Action = (typeof ACTIONS)[number];

export const sandbox: Command = {
  name: 'sandbox',
  summary: 'try everything on a throw-away device in files',
  description: [
    'create makes a disk image with every partition and three slots, shell and run enter it, destroy removes it, demo shows an upgrade that loses power.',
  ],
  arguments: [
    { name: 'ACTION', presence: 'required', choices: ACTIONS, says: 'what to do' },
    {
      name: 'DIRECTORY',
      presence: 'optional',
      says: 'where it lives (default ./.sandbox)',
      completes: 'directory',
    },
    { name: 'COMMAND', presence: 'any number', says: 'for run, after --' },
  ],
  flags: [
    {
      name: 'hooks',
      value: 'PATH',
      repeatable: true,
      completes: 'file',
      says: 'create: hook file or directory for /oem, instead of the example (repeatable)',
    },
    {
      name: 'system',
      value: 'SYSTEM',
      completes: 'directory',
      says: 'create: installed system: debian (default), tiny (no network needed), or a root tree',
    },
    {
      name: 'next',
      value: 'PATH',
      completes: 'directory',
      says: 'create: what "elemental upgrade" installs: a root tree or an image file',
    },
    {
      name: 'persistent',
      value: 'DIR',
      completes: 'directory',
      says: 'create: what COS_PERSISTENT is filled with',
    },
  ],
  examples: [
    { says: 'make one and look around', line: 'sandbox create && slotwright sandbox shell' },
    {
      says: 'rehearse a hook of your own',
      line: 'sandbox create --hooks ./install.yaml && slotwright sandbox run -- elemental upgrade',
    },
    { says: 'the same somewhere else', line: 'sandbox run ./box -- elemental status' },
    { says: 'see what a power cut does', line: 'sandbox demo' },
  ],
  output: z.object({
    action: z.enum(ACTIONS),
    directory: z.string(),
    created: z.array(z.string()).exactOptional(),
    exit: z.number(),
  }),
  run: async (context, invocation) => {
    const { asked, place, command } = wordsOf(context.host.args, invocation.arguments);
    const action = ACTIONS.find((one) => one === asked) ?? 'create';
    if (command.length > 0 !== (action === 'run')) throw misplaced(action);
    const directory = place ?? '.sandbox';
    const { sandbox: services } = await context.services();
    const recipe = recipeOf(invocation, context.host.directory);
    return perform({ context, services, action, directory, command, recipe });
  },
};

/** What stands before `--` is ours, what stands behind it is the command to run. */
function wordsOf(args: readonly string[], given: readonly string[]) {
  const dashes = args.indexOf('--');
  const inside = dashes === -1 ? 0 : args.length - dashes - 1;
  const own = given.slice(0, given.length - inside);
  const [asked, place, ...more] = own;
  return { asked, place, command: [...more, ...given.slice(own.length)] };
}

function recipeOf({ flags }: Invocation, directory: string): SandboxRecipe {
  const text = (name: string): string | undefined => {
    const value = flags[name];
    return typeof value === 'string' ? value : undefined;
  };
  const place = (name: string): string | undefined => {
    const value = text(name);
    return value === undefined ? undefined : resolve(directory, value);
  };
  const { hooks } = flags;
  const system = text('system');
  const next = place('next');
  const persistent = place('persistent');
  return {
    ...(system === undefined
      ? {}
      : { system: ['debian', 'tiny'].includes(system) ? system : resolve(directory, system) }),
    ...(next === undefined ? {} : { next }),
    ...(persistent === undefined ? {} : { persistent }),
    ...(Array.isArray(hooks) ? { oem: hooks.map((hook) => resolve(directory, String(hook))) } : {}),
  };
}

interface Asked {
  readonly recipe: SandboxRecipe;
  readonly context: Context;
  readonly services: SandboxServices;
  readonly action: Action;
  readonly directory: string;
  readonly command: readonly string[];
}

async function perform({
  context,
  services,
  action,
  directory,
  command,
  recipe,
}: Asked): Promise<CommandResult> {
  const result = (exit: number, text: string, more = {}): CommandResult => ({
    exit,
    document: { action, directory, exit, ...more },
    text,
    says: 'summary',
  });
  switch (action) {
    case 'create': {
      const { created } = await stoppable(context, (hooks) =>
        services.create(directory, recipe, hooks),
      );
      const text = `created ${directory}\nnext: ${context.host.program} sandbox shell ${directory}`;
      return result(EXIT.ok, text, { created });
    }
    case 'shell':
      return result(await services.shell(directory), '');
    case 'run':
      return result(await services.run(directory, command), '');
    case 'destroy':
      await services.destroy(directory);
      return result(EXIT.ok, `removed ${directory}`);
    case 'demo':
      return result(await stoppable(context, (hooks) => services.demo(directory, hooks)), '');
  }
}

async function stoppable<T>(
  { host, screen, globals }: Context,
  work: (hooks: StageHooks) => Promise<T>,
): Promise<T> {
  const stop = listenForStop(host, screen);
  const note = (text: string) => screen.note(text.replace(/\n$/, ''));
  // What the demonstration tells is what was asked for; a JSON document stands alone.
  const output = globals.json ? note : (text: string) => screen.answer(text);
  try {
    return await work({ signal: stop.signal, output, note });
  } finally {
    stop.end();
  }
}

function misplaced(action: Action): UsageError {
  return action === 'run'
    ? new UsageError({
        code: 'argument-missing',
        message: 'there is no command to run',
        hint: 'write it after --, as in "sandbox run ./.sandbox -- slotwright status"',
        exit: EXIT.usage,
      })
    : new UsageError({
        code: 'argument-unexpected',
        message: `"sandbox ${action}" takes only a directory`,
        hint: 'leave the rest out',
        exit: EXIT.usage,
      });
}
