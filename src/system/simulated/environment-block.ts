/** A GRUB environment block as text: 1024 bytes, a header, `name=value` lines, padded with `#`. */
const HEADER = '# GRUB Environment Block\n';
const SIZE = 1024;

export function variablesIn(block: string): Readonly<Record<string, string>> {
  const lines = block.split('\n').filter((line) => line.includes('=') && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

export function blockOf(variables: Readonly<Record<string, string>>): string {
  const lines = Object.entries(variables)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${value}\n`);
  return (HEADER + lines.join('')).padEnd(SIZE, '#');
}
