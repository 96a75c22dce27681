/** A file of `KEY=value` lines, as /etc/environment. Comments, and lines that nobody understands, are kept. */
export class EnvironmentFile {
  private readonly others: string[] = [];
  private readonly values = new Map<string, string>();

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const [, name, value] = /^\s*(?:export\s+)?([\w.-]+)\s*=\s*(.*)$/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) {
        this.values.set(name, unquoted(value.trim()));
      } else if (line.trim() !== '') {
        this.others.push(line);
      }
    }
  }

  set(name: string, value: string): void {
    this.values.set(name, value);
  }

  text(): string {
    const lines = [...this.values].map(([name, value]) => `${name}=${printed(value)}`).sort();
    return [...this.others, ...lines].map((line) => `${line}\n`).join('');
  }
}

function unquoted(value: string): string {
  const single = /^'([^']*)'/.exec(value)?.[1];
  if (single !== undefined) {
    return single;
  }
  const double = /^"((?:[^"\\]|\\.)*)"/.exec(value)?.[1];
  if (double !== undefined) {
    return double.replace(/\\(.)/g, (_all, letter: string) =>
      letter === 'n' ? '\n' : letter === 'r' ? '\r' : letter,
    );
  }
  return value.replace(/\s+#.*$/, '').trim();
}

/** Numbers stand as they are; a text with leading zeroes is no number and keeps them. */
function printed(value: string): string {
  if (/^(?:0|-?[1-9]\d{0,17})$/.test(value)) {
    return value;
  }
  const escaped = value
    .replace(/[\\"!$`]/g, (letter) => `\\${letter}`)
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
  return `"${escaped}"`;
}
