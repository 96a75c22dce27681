/** Reads the `KEY=value` lines of an os-release file; keys as written, quotes removed. */
export function parseOsRelease(text: string): Readonly<Record<string, string>> {
  const entries = text.split('\n').flatMap((line): [string, string][] => {
    const match = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*?)\s*$/.exec(line);
    return match === null ? [] : [[match[1] ?? '', unquote(match[2] ?? '')]];
  });
  return Object.fromEntries(entries);
}

function unquote(value: string): string {
  const quote = value[0];
  if (value.length < 2 || (quote !== '"' && quote !== "'") || !value.endsWith(quote)) return value;
  const inner = value.slice(1, -1);
  return quote === '"' ? inner.replace(/\\([\\"$`])/g, '$1') : inner;
}
