/** The configuration files in the order of precedence (spec 6.1): os-release, `config.yaml`, `config.d/*.yaml`. */
import { CORE_SCHEMA, load } from 'js-yaml';
import { EXIT } from '../exit-codes.ts';
import { ConfigError } from '../errors.ts';
import type { ConfigWarning, Layer } from './layer.ts';
import { parseOsRelease } from './os-release.ts';
import type { ConfigReader } from './reader.ts';
import { isMap, settingsOfTree, type CheckedLayer } from './settings.ts';

export const DEFAULT_CONFIG_DIR = '/etc/elemental';
const OS_RELEASE = '/etc/os-release';

export interface ConfigFiles {
  readonly layers: readonly Layer[];
  readonly warnings: readonly ConfigWarning[];
}

/** Lowest layer first. A file that does not parse is a `ConfigError` with exit 31. */
export async function readConfigFiles(
  reader: ConfigReader,
  directory: string,
): Promise<ConfigFiles> {
  const release = await reader.readText(OS_RELEASE);
  const found = await dropIns(reader, directory);
  const checked: CheckedLayer[] = [
    settingsOfTree(parseOsRelease(release ?? ''), OS_RELEASE),
    await yamlLayer(reader, `${directory}/config.yaml`),
  ];
  for (const path of found.paths) checked.push(await yamlLayer(reader, path));
  return {
    layers: checked.map(({ layer }) => layer),
    // os-release is full of keys that are not ours.
    warnings: [...found.warnings, ...checked.flatMap(({ warnings }) => warnings)].filter(
      ({ from, level }) => from !== OS_RELEASE || level === 'loud',
    ),
  };
}

/**
 * Two quirks of the reference are kept, and told: a drop-in with the name of a file in the directory above is never read,
 * and a `.yaml` in a subdirectory is refused.
 */
async function dropIns(
  reader: ConfigReader,
  directory: string,
): Promise<{ paths: readonly string[]; warnings: readonly ConfigWarning[] }> {
  const above = new Set(await reader.list(directory));
  const paths: string[] = [];
  const warnings: ConfigWarning[] = [];
  for (const name of await reader.list(`${directory}/config.d`)) {
    const path = `${directory}/config.d/${name}`;
    const kind = (await reader.stat(path))?.kind;
    if (kind === 'directory') await refuseNested(reader, path);
    else if (name.endsWith('.yml'))
      warnings.push({ from: path, text: 'only .yaml files are read; ignored', level: 'loud' });
    else if (!name.endsWith('.yaml')) continue;
    else if (above.has(name))
      warnings.push({
        from: path,
        text: `has the name of a file in ${directory}; ignored`,
        level: 'loud',
      });
    else paths.push(path);
  }
  return { paths, warnings };
}

async function refuseNested(reader: ConfigReader, directory: string): Promise<void> {
  const nested = (await reader.list(directory)).find((name) => name.endsWith('.yaml'));
  if (nested === undefined) return;
  throw new ConfigError({
    code: 'config-nested',
    message: `${directory}/${nested} cannot be read as configuration`,
    reason: 'config.d may not have subdirectories with configuration',
    hint: `move it to ${directory.slice(0, directory.lastIndexOf('/'))}/`,
    exit: EXIT.readConfig,
  });
}

async function yamlLayer(reader: ConfigReader, path: string): Promise<CheckedLayer> {
  const text = await reader.readText(path);
  if (text === undefined) return { layer: new Map(), warnings: [] };
  return settingsOfTree(parseYaml(text, path), path);
}

function parseYaml(text: string, path: string): unknown {
  let tree: unknown;
  try {
    tree = load(text, { schema: CORE_SCHEMA, filename: path });
  } catch (cause) {
    throw unreadable(
      path,
      cause instanceof Error ? firstLine(cause.message) : String(cause),
      cause,
    );
  }
  if (tree === undefined || tree === null || isMap(tree)) return tree ?? {};
  throw unreadable(path, 'the file must hold a map of keys', undefined);
}

function unreadable(path: string, reason: string, cause: unknown): ConfigError {
  return new ConfigError({
    code: 'config-unreadable',
    message: `${path} does not parse`,
    reason,
    hint: `correct it; "slotwright schema config" prints the keys`,
    exit: EXIT.readConfig,
    cause,
  });
}

const firstLine = (text: string) => text.split('\n', 1)[0] ?? text;
