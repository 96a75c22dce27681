/** The configuration: defaults, os-release, files, environment, flags, in this order (spec 6.1). Lists are replaced, not merged. */
import { environmentLayer, type Environment } from './environment.ts';
import { DEFAULT_CONFIG_DIR, readConfigFiles } from './files.ts';
import { flagLayer, type FlagKeys, type GivenFlags } from './flags.ts';
import { configSchema, type Config } from './keys.ts';
import { LEAVES } from './leaves.ts';
import type { ConfigWarning, Setting } from './layer.ts';
import type { ConfigReader } from './reader.ts';
import { checkSettings, isMap } from './settings.ts';

export interface ConfigInput {
  readonly reader: ConfigReader;
  /** Default `/etc/elemental`. */
  readonly directory?: string;
  readonly environment: Environment;
  readonly flags: GivenFlags;
  readonly flagKeys: FlagKeys;
}

export interface LoadedConfig {
  readonly values: Config;
  /** Where each value came from, by full key; `default` for the rest. */
  readonly origins: ReadonlyMap<string, string>;
  readonly warnings: readonly ConfigWarning[];
}

/** Throws a `ConfigError` (31) for a file that does not parse, then a `UsageError` (32) for flags that contradict each other. */
export async function loadConfig(input: ConfigInput): Promise<LoadedConfig> {
  const files = await readConfigFiles(input.reader, input.directory ?? DEFAULT_CONFIG_DIR);
  const environment = checkSettings(environmentLayer(input.environment));
  const flags = checkSettings(flagLayer(input.flags, input.flagKeys));
  const settings = new Map<string, Setting>(
    [...files.layers, environment.layer, flags.layer].flatMap((layer) => [...layer]),
  );
  return {
    values: configSchema.parse(nested(settings)),
    origins: new Map([...LEAVES.keys()].map((key) => [key, settings.get(key)?.from ?? 'default'])),
    warnings: [
      ...(await missingDirectory(input)),
      ...files.warnings,
      ...environment.warnings,
      ...flags.warnings,
    ],
  };
}

/** Without configuration the defaults hold; but who names a directory means one that is there. */
async function missingDirectory({ reader, directory }: ConfigInput): Promise<ConfigWarning[]> {
  if (directory === undefined || (await reader.stat(directory)) !== undefined) return [];
  return [
    { from: directory, text: 'there is no such directory; the defaults hold', level: 'loud' },
  ];
}

function nested(settings: ReadonlyMap<string, Setting>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [key, { value }] of settings) {
    const path = key.split('.');
    const last = path.pop() ?? key;
    let branch: Record<string, unknown> = root;
    for (const name of path) {
      const below = branch[name];
      branch = isMap(below) ? below : (branch[name] = {});
    }
    branch[last] = value;
  }
  return root;
}
