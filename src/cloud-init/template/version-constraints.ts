import { TemplateError } from './template-error.ts';
import type { Version } from './values.ts';
import { comparePrereleases, compareVersions, readVersion } from './versions.ts';

/**
 * Whether a version meets constraints such as `>=1.2, <2 || ~3.1`. Between blanks or commas all must hold, between `||`
 * one. Throws a {@link TemplateError} when the constraints make no sense.
 */
export function meetsConstraints(version: Version, constraints: string): boolean {
  const alternatives = withoutRanges(constraints).split('||').map(readAll);
  return alternatives.some((all) => all.every((constraint) => meets(version, constraint)));
}

interface Constraint {
  readonly operator: string;
  readonly version: Version;
  /** How many of the three numbers are given; the others may be anything. */
  readonly given: 0 | 1 | 2 | 3;
}

const operators = '!=|>=|=>|<=|=<|~>|=|>|<|~|\\^|';
const word = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const pattern = `v?([0-9xX*|]+)(\\.[0-9xX*|]+)?(\\.[0-9xX*|]+)?(-${word})?(\\+${word})?`;
const one = `(${operators})\\s*${pattern}`;
const unnamed = one.replaceAll(/\((?!\?)/g, '(?:');
const list = new RegExp(`^\\s*${unnamed}\\s*(?:(?:\\s+|,\\s*)${unnamed}\\s*)*$`);
const range = new RegExp(
  `\\s*(${pattern.replaceAll(/\((?!\?)/g, '(?:')})\\s+-\\s+(${pattern.replaceAll(/\((?!\?)/g, '(?:')})\\s*`,
  'g',
);

/** `1.2 - 1.4` means from the one to the other. */
function withoutRanges(constraints: string): string {
  return constraints.replace(range, (_all, from: string, to: string) => `>= ${from}, <= ${to}`);
}

function readAll(text: string): readonly Constraint[] {
  if (!list.test(text)) {
    throw new TemplateError(`\`${text}\` is no constraint on versions`);
  }
  return [...text.matchAll(new RegExp(one, 'g'))].map(readOne);
}

function readOne(match: RegExpExecArray): Constraint {
  const [all, operator = '', ...rest] = match;
  const [major = '', minor = '', patch = '', prerelease = ''] = rest;
  const isAny = (number: string): boolean => /^\.?[xX*]?$/.test(number);
  const given = isAny(major) ? 0 : isAny(minor) ? 1 : isAny(patch) ? 2 : 3;
  const numbers = [major, minor, patch].map((number, index) =>
    index < given ? number : index === 0 ? '0' : '.0',
  );
  const version = readVersion(
    given === 3 ? all.slice(operator.length).trim() : numbers.join('') + prerelease,
  );
  if (version === undefined) {
    throw new TemplateError(`\`${all}\` is no constraint on versions`);
  }
  return { operator, version, given };
}

function meets(version: Version, constraint: Constraint): boolean {
  const { operator, given } = constraint;
  const isUnwantedTrial = version.prerelease !== '' && constraint.version.prerelease === '';
  if (isUnwantedTrial && (operator !== '!=' || given < 3)) {
    return false;
  }
  const order = compareVersions(version, constraint.version);
  switch (operator) {
    case '!=':
      return given < 3 ? differs(version, constraint) : order !== 0;
    case '>':
      return isNewer(version, constraint, order);
    case '<':
      return order < 0;
    case '>=':
    case '=>':
      return order >= 0;
    case '<=':
    case '=<':
      return isNotNewer(version, constraint, order);
    case '^':
      return order >= 0 && isCompatible(version, constraint);
    case '~':
    case '~>':
      return order >= 0 && isNear(version, constraint);
    default:
      return given < 3 ? order >= 0 && isNear(version, constraint) : order === 0;
  }
}

function differs(version: Version, constraint: Constraint): boolean {
  const { numbers, prerelease } = constraint.version;
  if (version.numbers[0] !== numbers[0]) {
    return true;
  }
  if (constraint.given !== 1 && version.numbers[1] !== numbers[1]) {
    return true;
  }
  if (constraint.given === 1) {
    return false;
  }
  if (constraint.given === 2) {
    return prerelease !== '' && comparePrereleases(version.prerelease, prerelease) !== 0;
  }
  return compareVersions(version, constraint.version) !== 0;
}

function isNewer(version: Version, { version: than, given }: Constraint, order: number): boolean {
  if (given === 3 || given === 0) {
    return order > 0;
  }
  if (version.numbers[0] !== than.numbers[0]) {
    return version.numbers[0] > than.numbers[0];
  }
  return given === 2 && version.numbers[1] > than.numbers[1];
}

function isNotNewer(
  version: Version,
  { version: than, given }: Constraint,
  order: number,
): boolean {
  if (given === 3) {
    return order <= 0;
  }
  const [major, minor] = version.numbers;
  return (
    major < than.numbers[0] ||
    (major === than.numbers[0] && (given === 1 || minor <= than.numbers[1]))
  );
}

/** `^`: the first number that is not zero stays. */
function isCompatible(version: Version, { version: base, given }: Constraint): boolean {
  const [major, minor, patch] = base.numbers;
  if (major > 0n || given === 1) {
    return version.numbers[0] === major;
  }
  if (version.numbers[0] > major) {
    return false;
  }
  if (minor > 0n || given === 2) {
    return version.numbers[1] === minor;
  }
  return version.numbers[1] === 0n && version.numbers[2] === patch;
}

/** `~`: only the last given number may grow. */
function isNear(version: Version, { version: base, given }: Constraint): boolean {
  if (base.numbers.every((number) => number === 0n) && (given === 0 || given === 3)) {
    return true;
  }
  return (
    version.numbers[0] === base.numbers[0] &&
    (given === 1 || version.numbers[1] === base.numbers[1])
  );
}
