import { Version } from './values.ts';

const versionPattern =
  /^v?(\d+)(\.\d+)?(\.\d+)?(?:-([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*))?(?:\+([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*))?$/;

/** Reads a version, also a short one like `v1.2`; `undefined` when it is none. */
export function readVersion(text: string): Version | undefined {
  const [, major, minor = '.0', patch = '.0', prerelease = '', metadata = ''] =
    versionPattern.exec(text) ?? [];
  if (major === undefined || prerelease.split('.').some((word) => /^0\d+$/.test(word))) {
    return undefined;
  }
  const numbers = [BigInt(major), BigInt(minor.slice(1)), BigInt(patch.slice(1))] as const;
  return numbers.some((number) => number >= 1n << 64n)
    ? undefined
    : new Version({ numbers, prerelease, metadata, original: text });
}

/** Below zero when the left one is older; what stands behind `+` does not count. */
export function compareVersions(left: Version, right: Version): number {
  for (const [index, number] of left.numbers.entries()) {
    const other = right.numbers[index] ?? 0n;
    if (number !== other) {
      return number < other ? -1 : 1;
    }
  }
  if (left.prerelease === '' || right.prerelease === '') {
    return Number(left.prerelease === '') - Number(right.prerelease === '');
  }
  return comparePrereleases(left.prerelease, right.prerelease);
}

/** Word by word; fewer words come first, numbers before names. */
export function comparePrereleases(left: string, right: string): number {
  const lefts = left.split('.');
  const rights = right.split('.');
  for (let index = 0; index < Math.max(lefts.length, rights.length); index += 1) {
    const order = compareWords(lefts[index], rights[index]);
    if (order !== 0) {
      return order;
    }
  }
  return 0;
}

function compareWords(left: string | undefined, right: string | undefined): number {
  if (left === right) {
    return 0;
  }
  if (left === undefined || right === undefined) {
    return left === undefined ? -1 : 1;
  }
  const [leftNumber, rightNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
  if (leftNumber && rightNumber) {
    return BigInt(left) > BigInt(right) ? 1 : -1;
  }
  if (leftNumber !== rightNumber) {
    return leftNumber ? -1 : 1;
  }
  return left > right ? 1 : -1;
}
