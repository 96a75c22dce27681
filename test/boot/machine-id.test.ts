/** The id of a machine, as the hook of an image keeps it: the real script, on a real mount in a namespace of its own. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SCRIPT = resolve('src/boot/image/usr/lib/slotwright/machine-id');
const isRoot = process.getuid?.() === 0;
const GIVEN = '0123456789abcdef0123456789abcdef';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slotwright-machine-id-'));
  mkdirSync(join(root, 'etc'));
  mkdirSync(join(root, 'usr/local'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Boots with a volume at /usr/local or without one; each boot finds the /etc of the image. Answers with the ids. */
function boots(options: {
  readonly image: string;
  readonly volume: 'mounted' | 'missing';
  readonly before?: string;
}): readonly string[] {
  const boot = `printf '%s' "$2" >"$1/etc/machine-id"; sh ${SCRIPT} "$1"; echo "$(cat "$1/etc/machine-id")"`;
  const mount = options.volume === 'mounted' ? 'mount -t tmpfs tmpfs "$1/usr/local"' : ':';
  const script = `set -eu; ${mount}; ${options.before ?? ':'}; ${boot}; ${boot}`;
  const args = ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', root];
  const { stdout, stderr, status } = spawnSync('unshare', [...args, options.image], {
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return stdout.trimEnd().split('\n');
}

describe.skipIf(!isRoot)('the machine id of an image (needs root: mounts)', () => {
  it.each([
    ['uninitialized', 'uninitialized\n'],
    ['empty', ''],
  ])('that is %s is made once and kept over boots', (_name, image) => {
    const [first, second] = boots({ image, volume: 'mounted' });
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(second).toBe(first);
  });

  it('that is one stays as the image says, and nothing is kept', () => {
    const before = 'trap \'ls -A "$1/usr/local" >&2; [ -z "$(ls -A "$1/usr/local")" ]\' EXIT';
    expect(boots({ image: `${GIVEN}\n`, volume: 'mounted', before })).toEqual([GIVEN, GIVEN]);
  });

  it('is left to systemd where no volume would keep it', () => {
    expect(boots({ image: 'uninitialized\n', volume: 'missing' })).toEqual([
      'uninitialized',
      'uninitialized',
    ]);
    expect(existsSync(join(root, 'usr/local/.state'))).toBe(false);
  });

  it('is made anew where a power cut left half of one', () => {
    const before = 'mkdir "$1/usr/local/.state"; printf 0123 >"$1/usr/local/.state/machine-id"';
    const [first, second] = boots({ image: 'uninitialized\n', volume: 'mounted', before });
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(second).toBe(first);
  });

  it('is not written through a link that the image has in its place', () => {
    writeFileSync(join(root, 'elsewhere'), 'kept\n');
    const before = 'ln -s ../elsewhere "$1/etc/machine-id"';
    boots({ image: 'kept', volume: 'mounted', before });
    expect(readFileSync(join(root, 'elsewhere'), 'utf8')).toBe('kept');
  });
});
