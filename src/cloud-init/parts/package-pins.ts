import type { Entry } from '../decode/decoder.ts';
import { readLines } from '../entities/accounts.ts';
import { packageManagerOf } from '../entities/package-manager.ts';
import { EntryError } from './entry-error.ts';
import { makeParents } from './parents.ts';
import type { Part, PartContext } from './part.ts';
import { isSuccess } from './run-program.ts';

type Pin = Entry<string>;

/** Holds packages at a version, in the way of the target's package manager. */
export const packagePins: Part = {
  name: 'package_pins',
  isAskedFor: (step) => (step.package_pins ?? []).length > 0,
  async run(step, context) {
    const pins = (step.package_pins ?? [])
      .filter(({ value }) => value !== '')
      .sort((left, right) => (left.key < right.key ? -1 : 1));
    const manager = await packageManagerOf(context.target);
    const odd = pins.find(({ key, value }) => /[\s=]/.test(key) || /\s/.test(value));
    if (odd !== undefined) {
      throw new EntryError(`\`${odd.key}: ${odd.value}\` is no package with a version`);
    }
    switch (manager?.name) {
      case 'apt':
        return pinApt(pins, context);
      case 'dnf':
        return pinDnf(pins, context);
      case 'zypper':
        return pinZypper(pins, context);
      case 'apk':
        return pinApk(pins, context);
      case 'pacman':
      case undefined:
        return context.warn('packages cannot be pinned on this system', step.at);
    }
  },
};

async function pinApt(pins: readonly Pin[], context: PartContext): Promise<void> {
  const blocks = pins.map(
    ({ key, value }) => `Package: ${key}\nPin: version ${value}\nPin-Priority: 1001\n`,
  );
  await writeText('/etc/apt/preferences.d/99-yip-pins', blocks.join('\n'), context);
}

async function pinDnf(pins: readonly Pin[], context: PartContext): Promise<void> {
  const list = '/etc/dnf/plugins/versionlock.list';
  const lines = pins.map(({ key, value }) => `${key}-${value}*\n`);
  await writeText(
    '/etc/dnf/plugins/versionlock.conf',
    `[main]\nenabled = 1\nlocklist = ${list}\n`,
    context,
  );
  await writeText(list, lines.join(''), context);
}

async function pinZypper(pins: readonly Pin[], context: PartContext): Promise<void> {
  for (const { key, value } of pins) {
    const lock = ['zypper', '--non-interactive', 'addlock'] as const;
    if (!isSuccess(await context.exec([...lock, `${key}=${value}`]))) {
      await context.exec([...lock, key]);
    }
  }
}

/** The pins take the place of their own packages in the world file; all others stay. */
async function pinApk(pins: readonly Pin[], context: PartContext): Promise<void> {
  const path = '/etc/apk/world';
  const pinned = new Set(pins.map(({ key }) => key));
  const others = (await readLines(context.target, path)).filter(
    (line) => !pinned.has(/^[^=<>~@]+/.exec(line)?.[0] ?? line),
  );
  const lines = [...others, ...pins.map(({ key, value }) => `${key}=${value}`)].sort();
  await writeText(path, lines.map((line) => `${line}\n`).join(''), context);
}

async function writeText(path: string, text: string, context: PartContext): Promise<void> {
  const { files } = context.target;
  await makeParents(files, path, { mode: 0o755, uid: 0, gid: 0 });
  await files.write({ path, bytes: Buffer.from(text), mode: 0o644, uid: 0, gid: 0 });
}
