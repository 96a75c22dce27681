import type { KeyRule } from './shape.ts';

/** A key of `environment`. */
export const variableName: KeyRule = {
  pattern: /^[\w.-]+$/,
  wanted: 'the name of a variable: letters, digits, `_`, `.` and `-`',
  otherwise: 'fails',
};

/** A key of `users`. */
export const loginName: KeyRule = {
  pattern: /^[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?$/,
  wanted: 'a login name: letters, digits, `_`, `.` and `-`',
  otherwise: 'fails',
};

/** A key of `if_files`. */
export const fileConditions: KeyRule = {
  pattern: /^(?:any|all|none)$/,
  wanted: 'any, all or none',
  words: ['any', 'all', 'none'],
  otherwise: 'skips',
};
