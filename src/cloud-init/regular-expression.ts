/**
 * A regular expression in Go's spelling, to be searched in a text; `undefined` when it makes no sense. Look-ahead works,
 * too: the reference's documentation shows it, although its own engine cannot do it.
 */
export function compileExpression(source: string): RegExp | undefined {
  const inline = /^\(\?([ims]+)\)/.exec(source);
  const body = source
    .slice(inline?.[0].length ?? 0)
    .replaceAll('(?P<', '(?<')
    .replaceAll('\\A', '^')
    .replaceAll('\\z', '$')
    .replace(/\[:(\^?)(\w+):\]/g, (_all, not: string, name: string) => posixClass(name, not));
  try {
    return new RegExp(body, [...new Set(inline?.[1] ?? '')].join(''));
  } catch {
    // A SyntaxError: the caller says which expression it was.
    return undefined;
  }
}

function posixClass(name: string, not: string): string {
  const classes: Readonly<Record<string, string>> = {
    alpha: 'A-Za-z',
    digit: '0-9',
    alnum: 'A-Za-z0-9',
    lower: 'a-z',
    upper: 'A-Z',
    space: '\\s',
    xdigit: '0-9A-Fa-f',
    word: '\\w',
    punct: '!-\\/:-@\\[-`{-~',
  };
  return not === '' && Object.hasOwn(classes, name) ? (classes[name] ?? '') : `[:${not}${name}:]`;
}
