import type { TemplateFunction } from './signature.ts';
import { takes, TEXT } from './signature.ts';

const base = takes([TEXT], (path) => {
  const trimmed = path.replace(/\/+$/, '');
  return path === '' ? '.' : trimmed === '' ? '/' : trimmed.slice(trimmed.lastIndexOf('/') + 1);
});
const dir = takes([TEXT], (path) => clean(path.slice(0, path.lastIndexOf('/') + 1)));
const cleaned = takes([TEXT], clean);
const ext = takes([TEXT], (path) => /\.[^./]*$/.exec(path)?.[0] ?? '');
const isAbs = takes([TEXT], (path) => path.startsWith('/'));

/** sprig's functions on paths; those of the system are the same here. No file is looked at. */
export const pathFunctions: Readonly<Record<string, TemplateFunction>> = {
  base,
  osBase: base,
  dir,
  osDir: dir,
  clean: cleaned,
  osClean: cleaned,
  ext,
  osExt: ext,
  isAbs,
  osIsAbs: isAbs,
};

/** The shortest path that means the same. */
function clean(path: string): string {
  const root = path.startsWith('/') ? '/' : '';
  const kept: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..' && kept.length > 0 && kept.at(-1) !== '..') {
      kept.pop();
    } else if (name !== '' && name !== '.' && !(name === '..' && root === '/')) {
      kept.push(name);
    }
  }
  const result = root + kept.join('/');
  return result === '' ? '.' : result;
}
