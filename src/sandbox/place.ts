import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import * as z from 'zod';
import { UsageError } from '../errors.ts';
import { hostCommand } from './host-command.ts';

/** The folder of a sandbox and what lies in it. */
export interface SandboxPlace {
  readonly folder: string;
  /** What was downloaded or is slow to make; kept when the sandbox is made anew. */
  readonly cache: string;
  /** The disk that `shell` and `run` boot. */
  readonly disk: string;
  /** The disk of the demonstration that loses power. */
  readonly cutDisk: string;
  /** Root trees of images. */
  readonly trees: string;
  /** What COS_PERSISTENT is made from. */
  readonly persistent: string;
  /** Configuration of the tool inside: names the upgrade source. */
  readonly config: string;
}

/** How the disk of a sandbox is to be booted. */
export interface SandboxFacts {
  readonly userland: 'image' | 'host';
  /** Upgrade source on the host: a root tree or an image file. */
  readonly next: string;
}

export function sandboxPlace(directory: string): SandboxPlace {
  const folder = resolve(directory);
  return {
    folder,
    cache: join(folder, 'cache'),
    disk: join(folder, 'disk.img'),
    cutDisk: join(folder, 'power-cut.img'),
    trees: join(folder, 'trees'),
    persistent: join(folder, 'persistent'),
    config: join(folder, 'config.yaml'),
  };
}

/** Makes the folder ours, unseen by git. One that holds something else is refused. */
export async function claimPlace(place: SandboxPlace): Promise<void> {
  await mkdir(place.folder, { recursive: true });
  if (!(await isOurs(place)) && (await readdir(place.folder)).length > 0) throw foreign(place);
  await writeFile(join(place.folder, MARK_FILE), MARK);
}

/** Removes everything but the downloads. A sandbox that runs is refused. */
export async function emptyPlace(place: SandboxPlace): Promise<void> {
  await refuseWhileRunning(place);
  for (const name of await readdir(place.folder)) {
    if (name === basename(place.cache) || name === MARK_FILE) continue;
    await rm(join(place.folder, name), { recursive: true });
  }
}

/** Removes a sandbox folder with everything in it. One that is not a sandbox, or that runs, is refused; a missing one is fine. */
export async function removePlace(place: SandboxPlace): Promise<void> {
  const found = await lstat(place.folder).catch(() => undefined);
  if (found === undefined) return;
  if (!(await isOurs(place))) throw foreign(place);
  await refuseWhileRunning(place);
  await rm(place.folder, { recursive: true });
}

/** Notes that the sandbox is complete and how it boots. */
export async function writeFacts(place: SandboxPlace, facts: SandboxFacts): Promise<void> {
  await writeFile(join(place.folder, FACTS_FILE), `${JSON.stringify(facts, undefined, 2)}\n`);
}

export async function readFacts(place: SandboxPlace): Promise<SandboxFacts> {
  const text = await readFile(join(place.folder, FACTS_FILE), 'utf8').catch(() => undefined);
  if (text !== undefined) return FACTS.parse(JSON.parse(text));
  throw new UsageError({
    code: 'sandbox-missing',
    message: `there is no sandbox in ${place.folder}`,
    hint: `slotwright sandbox create ${place.folder}`,
  });
}

const FACTS = z.object({ userland: z.enum(['image', 'host']), next: z.string() });
const FACTS_FILE = 'sandbox.json';
const MARK_FILE = '.gitignore';
const MARK = '# a sandbox of slotwright: "slotwright sandbox destroy" removes it\n*\n';

async function isOurs(place: SandboxPlace): Promise<boolean> {
  return (await readFile(join(place.folder, MARK_FILE), 'utf8').catch(() => '')) === MARK;
}

async function refuseWhileRunning(place: SandboxPlace): Promise<void> {
  for (const disk of [place.disk, place.cutDisk]) {
    const attached = await hostCommand('losetup', ['--associated', disk]);
    if (attached === '') continue;
    throw new UsageError({
      code: 'sandbox-running',
      message: `the sandbox in ${place.folder} is running`,
      reason: attached,
      hint: 'leave its shell, or end what runs in it, and try again',
    });
  }
}

function foreign(place: SandboxPlace): UsageError {
  return new UsageError({
    code: 'not-a-sandbox',
    message: `${place.folder} holds something else than a sandbox`,
    reason: 'it was not made by "slotwright sandbox create"',
    hint: 'name another directory',
  });
}
