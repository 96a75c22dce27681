/** From the tree of one file to settings by full key; what does not fit is told and left out. */
import { BRANCHES, LEAVES } from './leaves.ts';
import type { ConfigWarning, Setting } from './layer.ts';
import * as z from 'zod';

export interface CheckedLayer {
  readonly layer: ReadonlyMap<string, Setting>;
  readonly warnings: readonly ConfigWarning[];
}

/** Keys are case-insensitive, and may be nested or written with dots. */
export function settingsOfTree(tree: unknown, from: string): CheckedLayer {
  const flat = flatten(tree, '').map(([key, value]) => [key, { value, from }] as const);
  return checkSettings(flat);
}

/**
 * Drops values of the wrong type with a warning that names file and key, as the reference does, and unknown keys quietly.
 * The value below then stands: a typo in a drop-in file does not reset what `config.yaml` says.
 */
export function checkSettings(settings: Iterable<readonly [string, Setting]>): CheckedLayer {
  const layer = new Map<string, Setting>();
  const warnings: ConfigWarning[] = [];
  for (const [key, { value, from }] of settings) {
    const type = LEAVES.get(key);
    if (value === null || value === undefined) continue;
    if (type === undefined) {
      const branch = BRANCHES.has(key);
      const text = branch
        ? `expected a map, got ${kindOf(value)}; ignored`
        : 'unknown key; ignored';
      warnings.push({ from, key, text, level: branch ? 'loud' : 'quiet' });
      continue;
    }
    const result = z.safeParse(type, value);
    if (result.success) layer.set(key, { value: result.data, from });
    else warnings.push({ from, key, text: mismatch(value, result.error), level: 'loud' });
  }
  return { layer, warnings };
}

function flatten(tree: unknown, prefix: string): [string, unknown][] {
  if (!isMap(tree)) return prefix === '' ? [] : [[prefix, tree]];
  return Object.entries(tree).flatMap(([name, value]): [string, unknown][] => {
    const key = (prefix === '' ? name : `${prefix}.${name}`).toLowerCase();
    return isMap(value) && !LEAVES.has(key) ? flatten(value, key) : [[key, lowerKeys(value)]];
  });
}

/** List items are maps too: `extra-partitions: [{Name: …}]`. */
function lowerKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerKeys);
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key.toLowerCase(), lowerKeys(inner)]),
  );
}

function mismatch(value: unknown, error: z.core.$ZodError): string {
  const expected = error.issues[0]?.message.replace(/^Invalid input: /, '') ?? 'another type';
  const told = /received/.test(expected) ? expected : `${expected}, received ${kindOf(value)}`;
  return `${told}; ignored`;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isMap(value)) return 'a map';
  return typeof value;
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
