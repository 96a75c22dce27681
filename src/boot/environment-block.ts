import { SystemError } from '../errors.ts';

/**
 * A GRUB environment block: 1024 bytes, a header line, `name=value` lines, padded with `#`. GRUB overwrites it through
 * its own block list, so its size never changes. Unknown variables, comments and their order are kept.
 */
export interface EnvironmentBlock {
  readonly lines: readonly EnvironmentLine[];
}

export type EnvironmentLine =
  | { readonly kind: 'variable'; readonly name: string; readonly value: string }
  /** A comment, or a line that GRUB would not read either. */
  | { readonly kind: 'other'; readonly text: string };

/** Bytes of every block. */
export const BLOCK_BYTES = 1024;

export const EMPTY_BLOCK: EnvironmentBlock = { lines: [] };

/** Reads a block; another size or a missing header is a `SystemError` of code `environment-damaged`. */
export function decodeBlock(bytes: Buffer): EnvironmentBlock {
  if (bytes.length !== BLOCK_BYTES) throw damaged(`it has ${bytes.length} bytes instead of 1024`);
  const text = bytes.toString('latin1');
  if (!text.startsWith(HEADER)) throw damaged('it does not start with the header line');
  const body = text.slice(HEADER.length).replace(/#*$/, '');
  return { lines: splitLines(body).map(decodeLine) };
}

/** Writes a block; too much text is a `SystemError` of code `environment-full`. */
export function encodeBlock(block: EnvironmentBlock): Buffer {
  const text = HEADER + block.lines.map(encodeLine).join('');
  if (text.length > BLOCK_BYTES) {
    throw new SystemError({
      code: 'environment-full',
      message: 'the variables do not fit into the boot environment',
      reason: `they take ${text.length} of ${BLOCK_BYTES} bytes`,
      hint: 'unset variables that are not needed: grub-editenv FILE unset NAME',
    });
  }
  return Buffer.from(text.padEnd(BLOCK_BYTES, '#'), 'latin1');
}

/** All variables; a name that stands twice counts the first time, as for GRUB's own editor. */
export function variablesOf(block: EnvironmentBlock): Readonly<Record<string, string>> {
  const found = new Map<string, string>();
  for (const line of block.lines) {
    if (line.kind === 'variable' && !found.has(line.name)) found.set(line.name, line.value);
  }
  return Object.fromEntries(found);
}

/**
 * Sets variables, an empty string unsets; a known name keeps its place, a new one is put at the end. A name that
 * a boot script could not read is a `SystemError` of code `environment-name`.
 */
export function changeVariables(
  block: EnvironmentBlock,
  changes: Readonly<Record<string, string>>,
): EnvironmentBlock {
  for (const name of Object.keys(changes)) refuseName(name);
  const left = new Map(Object.entries(changes));
  const lines = block.lines.flatMap((line): readonly EnvironmentLine[] => {
    if (line.kind === 'other' || !Object.hasOwn(changes, line.name)) return [line];
    const value = left.get(line.name) ?? '';
    // The second line of one name goes with the first.
    left.delete(line.name);
    return value === '' ? [] : [{ ...line, value }];
  });
  const added = [...left]
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ({ kind: 'variable' as const, name, value }));
  return { lines: [...lines, ...added] };
}

const HEADER = '# GRUB Environment Block\n';

/** Bytes are kept as they are: GRUB knows no encoding. Inside, a string holds one character per byte. */
const toBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const toText = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

/** A backslash takes the next character as it is, so an escaped newline does not end a line. */
const splitLines = (body: string): readonly string[] => body.match(/(?:\\[^]|[^\\\n])+/g) ?? [];

const decodeLine = (line: string): EnvironmentLine => {
  const equals = line.indexOf('=');
  if (line.startsWith('#') || equals <= 0) return { kind: 'other', text: line };
  return {
    kind: 'variable',
    name: toText(line.slice(0, equals)),
    value: toText(line.slice(equals + 1).replace(/\\([^])/g, '$1')),
  };
};

const encodeLine = (line: EnvironmentLine): string =>
  line.kind === 'other'
    ? `${line.text}\n`
    : `${toBytes(line.name)}=${toBytes(line.value).replace(/[\\\n]/g, '\\$&')}\n`;

const refuseName = (name: string): void => {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return;
  throw new SystemError({
    code: 'environment-name',
    message: `${JSON.stringify(name)} cannot be the name of a boot variable`,
    hint: 'use letters, digits and underscores',
  });
};

const damaged = (reason: string): SystemError =>
  new SystemError({
    code: 'environment-damaged',
    message: 'a boot environment block cannot be used',
    reason,
    hint: 'move the file away; it is made anew at the next write',
  });
