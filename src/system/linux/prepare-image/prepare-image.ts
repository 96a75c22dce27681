import { UsageError } from '../../../errors.ts';
import { EXIT } from '../../../exit-codes.ts';
import { linkBootFiles } from './boot-files.ts';
import { enableUnits } from './enable-units.ts';
import { PROGRAM, readImageFiles, type ImageFile, type ProgramPlace } from './image-files.ts';
import { ImageRoot } from './image-root.ts';
import { INITRD, initrdRecipe, makeInitrd } from './initrd.ts';
import { nextSteps } from './next-steps.ts';
import { isRunningSystem } from './running-system.ts';

export interface PrepareRequest {
  readonly root: string;
  /** Replaces what is not ours, and prepares a running system. */
  readonly force: boolean;
  readonly initrd: boolean;
}

export interface Prepared {
  readonly root: string;
  readonly written: readonly string[];
  readonly unchanged: number;
  /** Files of others in our place. */
  readonly kept: readonly string[];
  readonly enabled: readonly string[];
  readonly initrd?: { readonly path: string; readonly program: string; readonly kernel: string };
  readonly next: readonly string[];
}

export interface PrepareWork extends ProgramPlace {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

/**
 * Makes a root tree one that boots as an image and judges itself: boot files, this program under both names, units. Doing it again
 * changes nothing. Refusals change nothing either.
 */
export async function prepareImage(request: PrepareRequest, work: PrepareWork): Promise<Prepared> {
  if (!request.force && (await isRunningSystem(request.root, work.environment))) throw running();
  const files = await readImageFiles(work);
  const root = await ImageRoot.open(request.root);
  try {
    for (const { path } of files) await root.requirePlace(path);
    for (const [path] of MOUNT_POINTS) await root.requirePlace(`${path}/.`);
    await makeWayForCommands(root, request);
    const done = await layFiles(root, files, request);
    await layLinks(root, done);
    for (const [path, mode] of MOUNT_POINTS) note(done, path, await root.makeDirectory(path, mode));
    const enabled = await enableUnits(root, files);
    const initrd = request.initrd ? await rebuild(root, work) : undefined;
    const left = { kept: done.kept, initrd: initrd === undefined ? 'left' : 'made' } as const;
    const next = await nextSteps(root, left);
    return {
      root: request.root,
      ...done,
      enabled,
      ...(initrd === undefined ? {} : { initrd }),
      next,
    };
  } finally {
    await root.close();
  }
}

const COMMANDS = ['/usr/bin/slotwright', '/usr/bin/elemental'];
const COMMAND_TARGET = '../lib/slotwright/slotwright.cjs';

/** A read-only root cannot make them itself. */
const MOUNT_POINTS: readonly (readonly [string, number])[] = [
  ...['/oem', '/system/oem', '/usr/local', '/etc', '/root', '/home', '/opt', '/srv', '/var'].map(
    (path) => [path, path === '/root' ? 0o700 : 0o755] as const,
  ),
  ...['/proc', '/sys', '/dev', '/run', '/boot'].map((path) => [path, 0o755] as const),
  ['/tmp', 0o1777],
];

interface Done {
  written: string[];
  unchanged: number;
  kept: string[];
}

/** A link that a package manager made to a copy of this program gives way to ours. */
async function makeWayForCommands(root: ImageRoot, { force }: PrepareRequest): Promise<void> {
  const others: string[] = [];
  for (const path of COMMANDS) {
    const found = await root.files.stat(path, 'keep');
    const target = await root.files.readLink(path);
    if (found === undefined || target === COMMAND_TARGET) continue;
    const ours = target?.split('/').includes('slotwright') === true;
    if (!ours && (!force || found.kind === 'directory')) throw foreign(path);
    others.push(path);
  }
  for (const path of others) await root.files.remove(path);
}

async function layFiles(
  root: ImageRoot,
  files: readonly ImageFile[],
  { force }: PrepareRequest,
): Promise<Done> {
  const done: Done = { written: [], unchanged: 0, kept: [] };
  for (const file of files) {
    // Configuration may have been written for this image; everything else is as much ours as the program.
    const different = file.path.startsWith('/etc/') && !force ? 'keep' : 'replace';
    note(done, file.path, await root.lay(file, different));
  }
  return done;
}

async function layLinks(root: ImageRoot, done: Done): Promise<void> {
  for (const path of COMMANDS) note(done, path, await root.link(path, COMMAND_TARGET));
  for (const { path, laid } of await linkBootFiles(root)) note(done, path, laid);
}

function note(done: Done, path: string, laid: 'written' | 'unchanged' | 'kept'): void {
  if (laid === 'written') done.written.push(path);
  else if (laid === 'kept') done.kept.push(path);
  else done.unchanged += 1;
}

async function rebuild(root: ImageRoot, work: PrepareWork): Promise<Prepared['initrd']> {
  const recipe = await initrdRecipe(root);
  if (recipe === undefined) throw noInitrd(root.path);
  work.note(`${recipe.command.join(' ')} (some seconds)`);
  await makeInitrd(root, recipe, work.signal);
  return { path: INITRD, program: recipe.program, kernel: recipe.kernel };
}

function running(): UsageError {
  return new UsageError({
    code: 'running-system',
    message: 'the running system is not prepared as an image',
    reason: 'init changes the root it is given, and this is the one the machine runs on',
    hint: 'name the root of an image: init ./root; inside a container build this is no question; --force overrules',
    exit: EXIT.usage,
  });
}

function foreign(path: string): UsageError {
  return new UsageError({
    code: 'foreign-command',
    message: `${path} of the image is not this program`,
    reason: 'the image brings another program of that name; nothing was changed',
    hint: `remove it from the image, or replace it with --force`,
    exit: EXIT.unsupported,
  });
}

function noInitrd(path: string): UsageError {
  return new UsageError({
    code: 'no-initrd-program',
    message: `no initramfs can be made in ${path}`,
    reason: `there is no kernel with modules, or neither dracut nor initramfs-tools; ${PROGRAM} and all else is in place`,
    hint: 'install them in the image and run this again, or leave --initrd out',
    exit: EXIT.unsupported,
  });
}
