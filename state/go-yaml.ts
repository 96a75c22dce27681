/** YAML text as the reference's encoder (Go, yaml.v3, four spaces) writes it, so that both tools write the same bytes. Pure. */
import { DEFAULT_SCHEMA, dump, load } from 'js-yaml';

/** Plain data; members that are `undefined` are left out. */
export type Tree = string | number | undefined | readonly Tree[] | { readonly [key: string]: Tree };

/** Renders a map in block style. */
export function renderGoYaml(tree: { readonly [key: string]: Tree }): string {
  return block(tree, 0);
}

function block(tree: Tree, depth: number): string {
  const indent = ' '.repeat(depth);
  if (Array.isArray(tree)) {
    const items = tree.map((item: Tree) => block(item, depth + 2).slice(depth + 2));
    return items.map((item) => `${indent}- ${item}`).join('');
  }
  if (!isMap(tree)) return `${indent}${scalar(tree)}\n`;
  const entries = Object.entries(tree).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return `${indent}{}\n`;
  return entries.map(([key, value]) => entry(indent, key, value)).join('');
}

function entry(indent: string, key: string, value: Tree): string {
  if (!isMap(value) && !Array.isArray(value)) return `${indent}${key}: ${scalar(value)}\n`;
  const nested = block(value, indent.length + 4);
  return nested.trim() === '{}' ? `${indent}${key}: {}\n` : `${indent}${key}:\n${nested}`;
}

/** Double quotes around what would read as another type, single ones around what would not read as one scalar. */
function scalar(value: Tree): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  const text = dump(value, { lineWidth: -1, flowLevel: 0 }).slice(0, -1);
  if (text === value) return text;
  return readsAsOtherType(value) ? JSON.stringify(value) : text;
}

function readsAsOtherType(value: string): boolean {
  if (value === '' || OLD_BOOLEAN.test(value) || BASE_60.test(value)) return true;
  try {
    const seen = load(value, { schema: DEFAULT_SCHEMA });
    return seen === null || ['number', 'boolean'].includes(typeof seen) || seen instanceof Date;
  } catch {
    return false;
  }
}

const OLD_BOOLEAN = /^(?:y|yes|on|n|no|off)$/i;
const BASE_60 = /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/;

function isMap(tree: Tree): tree is { readonly [key: string]: Tree } {
  return typeof tree === 'object' && !Array.isArray(tree);
}
