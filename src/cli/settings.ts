/** The configuration as a command sees it: loaded with its flags, complaints told, origins on demand. */
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { ConfigError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { Command, Context, Invocation } from './command.ts';

/**
 * A value of the wrong type is told and passed over, as the reference does; but not below `exact`: what is asked for there is destroyed
 * by the default.
 */
export async function settingsFor(
  context: Context,
  invocation: Invocation,
  exact?: string,
): Promise<LoadedConfig['values']> {
  const { host, screen, globals } = context;
  const services = await context.services();
  tellDeprecated(context, invocation);
  const loaded = await loadConfig({
    reader: services.configFiles,
    ...(globals.configDir === undefined ? {} : { directory: globals.configDir }),
    environment: host.environment,
    flags: invocation.flags,
    flagKeys: keysOf(invocation.command),
  });
  for (const { from, key, text, level } of loaded.warnings) {
    const meant = exact !== undefined && `${key ?? ''}.`.startsWith(`${exact}.`);
    if (meant && level === 'loud') throw wrongValue(from, key ?? exact, text);
    const line = `warning: ${from}: ${key === undefined ? '' : `${key}: `}${text}`;
    if (level === 'loud' || meant) screen.note(line);
    else screen.detail(line);
  }
  for (const [key, from] of loaded.origins) {
    if (from !== 'default') screen.detail(`config ${key} from ${from}`);
  }
  return loaded.values;
}

function wrongValue(from: string, key: string, text: string): ConfigError {
  return new ConfigError({
    code: 'setting-wrong',
    message: `${key} cannot be understood`,
    reason: `${from}: ${text.replace(/; ignored$/, '')}`,
    hint: 'correct it: what the default makes of a disk cannot be taken back',
    exit: EXIT.readCommandConfig,
  });
}

function keysOf(command: Command): Record<string, string> {
  return Object.fromEntries(
    (command.flags ?? []).flatMap(({ name, key }) => (key === undefined ? [] : [[name, key]])),
  );
}

function tellDeprecated({ screen }: Context, { command, flags }: Invocation): void {
  for (const { name, deprecated } of command.flags ?? []) {
    if (deprecated === undefined || !(name in flags)) continue;
    screen.note(`warning: --${name} is deprecated: ${deprecated}`);
  }
}
