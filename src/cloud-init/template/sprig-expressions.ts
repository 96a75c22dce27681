import type { Expression } from '../regular-expression.ts';
import { compileExpression, quoteMeta } from '../regular-expression.ts';
import { affordable } from './budget.ts';
import { costing, INT, takes, TEXT } from './signature.ts';
import { TemplateError } from './template-error.ts';
import { List } from './values.ts';

const find = takes([TEXT, TEXT], (source, text) => expression(source).find(text) ?? '');
const all = takes([TEXT, TEXT, INT], (source, text, most) => {
  const found = expression(source).findAll(text, most);
  return found.length === 0 ? List.nil('string') : new List(found, 'string');
});
const replaceAll = takes([TEXT, TEXT, TEXT], (source, text, by) => {
  affordable(text.length * (1 + (by.match(/\$/g) ?? []).length) + (text.length + 1) * by.length);
  return expression(source).replaceAll(text, by);
});
const replaceLiteral = takes([TEXT, TEXT, TEXT], (source, text, by) => {
  affordable((text.length + 1) * (by.length + 1));
  return expression(source).replaceAllLiteral(text, by);
});
const split = takes([TEXT, TEXT, INT], (source, text, most) => {
  const compiled = expression(source);
  return most === 0 ? List.nil('string') : new List(compiled.split(text, most), 'string');
});

/** sprig's functions on regular expressions; those in the `must` form fail in the same cases, but for the first. */
export const expressionFunctions = costing(
  { call: 1000, letter: 10 },
  {
    regexMatch: takes(
      [TEXT, TEXT],
      (source, text) => compileExpression(source).expression?.test(text) ?? false,
    ),
    mustRegexMatch: takes([TEXT, TEXT], (source, text) => expression(source).test(text)),
    regexFind: find,
    mustRegexFind: find,
    regexFindAll: all,
    mustRegexFindAll: all,
    regexReplaceAll: replaceAll,
    mustRegexReplaceAll: replaceAll,
    regexReplaceAllLiteral: replaceLiteral,
    mustRegexReplaceAllLiteral: replaceLiteral,
    regexSplit: split,
    mustRegexSplit: split,
    regexQuoteMeta: takes([TEXT], quoteMeta),
  },
);

function expression(source: string): Expression {
  const compiled = compileExpression(source);
  if (compiled.expression === undefined) {
    throw new TemplateError(`bad regular expression \`${source}\`: ${compiled.problem}`);
  }
  return compiled.expression;
}
