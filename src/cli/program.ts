/** Runs one command line from arguments to exit code. Everything that is said goes through the host; nothing exits the process. */
import { COMMANDS } from './catalog.ts';
import type { Command, CommandResult, Context, GlobalOptions } from './command.ts';
import { EXIT } from '../exit-codes.ts';
import { globalOptions } from './global-flags.ts';
import type { Host, LogFile } from './host.ts';
import { SystemError } from '../errors.ts';
import { parse, type Parsed } from './parse.ts';
import { errorText, errorView } from './render/error.ts';
import { commandHelp, programHelp } from './render/help.ts';
import { createScreen, type Screen } from './screen.ts';
import type { Services } from './services.ts';

/** `services` is called at most once, by the first command that needs the machine. */
export async function runProgram(host: Host, services: () => Promise<Services>): Promise<number> {
  let globals = unparsed(host.args);
  let screen = createScreen(host, { ...globals, log: undefined });
  try {
    const parsed = parse(host.program, host.args, COMMANDS);
    if (parsed.kind === 'help') return help(parsed, host, screen);
    const { invocation } = parsed;
    globals = globalOptions(invocation.flags);
    screen = createScreen(host, { ...globals, log: await openLog(host, globals) });
    const context: Context = { host, screen, globals, services: once(services) };
    const result = await invocation.command.run(context, invocation);
    show(result, screen, globals);
    await result.afterwards?.();
    return result.exit;
  } catch (error) {
    return fail(error, { screen, globals });
  } finally {
    screen.clearStatus();
    await screen.close();
  }
}

function show(
  { document, exit, text, says }: CommandResult,
  screen: Screen,
  globals: GlobalOptions,
): void {
  if (globals.json) screen.answer(JSON.stringify({ ok: exit === EXIT.ok, ...document }));
  else if (exit !== EXIT.ok && says === 'summary') screen.failure(text);
  else if (text !== '' && (says === 'answer' || !globals.quiet)) screen.answer(text);
}

function fail(
  error: unknown,
  { screen, globals }: { readonly screen: Screen; readonly globals: GlobalOptions },
): number {
  const view = errorView(error);
  if (globals.json) screen.answer(JSON.stringify({ ok: false, error: view }));
  else screen.failure(errorText(view));
  if (globals.debug && error instanceof Error) screen.failure(stackOf(error));
  return view.exit;
}

/** Asked for, help is an answer; in place of a missing command it is a complaint. */
function help({ command, asked }: Extract<Parsed, { kind: 'help' }>, host: Host, screen: Screen) {
  const page = { program: host.program, columns: Math.min(100, Math.max(60, host.stdout.columns)) };
  const text = command === undefined ? programHelp(COMMANDS, page) : commandHelp(command, page);
  if (asked) screen.answer(text);
  else screen.failure(text);
  return asked ? EXIT.ok : EXIT.usage;
}

/** What can be known of the global flags before they are parsed: how to tell that they cannot be. */
function unparsed(args: readonly string[]): GlobalOptions {
  const end = args.indexOf('--');
  const own = end === -1 ? args : args.slice(0, end);
  return globalOptions({ json: own.includes('--json'), debug: own.includes('--debug') });
}

async function openLog(host: Host, { logfile }: GlobalOptions): Promise<LogFile | undefined> {
  if (logfile === undefined) return undefined;
  try {
    return await host.openLog(logfile);
  } catch (cause) {
    throw new SystemError({
      code: 'logfile-unwritable',
      message: `the log file ${logfile} cannot be opened`,
      reason: cause instanceof Error ? cause.message : String(cause),
      hint: 'name another one with --logfile, or leave it out',
      exit: EXIT.usage,
      cause,
    });
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}

export type { Command };
