/** One machine, hundreds of operations in a random order, cut at random; judged after every one of them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyDisk, type Disk } from '../../sandbox/disk.ts';
import { makeTinyTree } from '../../sandbox/tiny-tree.ts';
import { expectedContent, type Rig } from '../cuts/rig.ts';
import { createDiskReader } from '../disk-facts.ts';
import type { DiskFacts } from '../laws.ts';
import { carryOutTurn } from './carry-out-turn.ts';
import { roomOf, type Room } from './room.ts';
import { turn, type Turn } from './turns.ts';

export interface SoakRecipe {
  readonly operations: number;
  /** The same seed asks for the same operations and cuts. */
  readonly seed: number;
  /** Told after every turn. */
  readonly told?: (line: string) => void;
  /** Where the disk is kept as it was before the first violation. */
  readonly keepAt?: string;
}

export interface SoakReport {
  readonly turns: number;
  readonly kills: number;
  readonly powerCuts: number;
  /** Of these, cuts of what carried on after a cut. */
  readonly secondCuts: number;
  /** It ends with the first turn that has some. */
  readonly violations: readonly string[];
  /** Of COS_STATE after the first turn, the most after any, and after the last. */
  readonly room: { readonly first: Room; readonly most: Room; readonly last: Room };
  readonly seconds: number;
}

/** What the turns share. */
export interface Soaked {
  readonly rig: Rig;
  readonly disk: Disk;
  readonly offers: readonly { readonly tree: string; readonly content: string }[];
  /** To be lent: a configuration that names a folder with a hook that fails. */
  readonly failing: Readonly<Record<string, string>>;
  readonly facts: () => Promise<DiskFacts>;
}

export async function soak(
  rig: Rig,
  { operations, seed, told, keepAt }: SoakRecipe,
): Promise<SoakReport> {
  const from = performance.now();
  const soaked = await prepare(rig);
  const violations: string[] = [];
  const rooms: Room[] = [];
  const count = { kills: 0, powerCuts: 0, secondCuts: 0 };
  let facts = await soaked.facts();
  let turns = 0;
  while (turns < operations && violations.length === 0) {
    turns += 1;
    const next = turn(turns, seed, soaked.offers.length);
    if (keepAt !== undefined) await copyDisk(soaked.disk, keepAt);
    const done = await carryOutTurn(soaked, next, facts);
    facts = done.facts;
    count.kills += done.kills;
    count.powerCuts += done.powerCuts;
    count.secondCuts += Math.max(0, done.kills + done.powerCuts - 1);
    rooms.push(await roomOf(soaked.disk));
    const where = `seed ${String(seed)}, turn ${nameOf(next)}`;
    violations.push(...[...done.wrong, ...unbounded(rooms)].map((one) => `${where}: ${one}`));
    told?.(`${nameOf(next)}: ${done.story.join('; ')}`);
  }
  const [first = NOTHING] = rooms;
  return {
    turns,
    ...count,
    violations,
    room: { first, most: rooms.reduce(larger, NOTHING), last: rooms.at(-1) ?? NOTHING },
    seconds: (performance.now() - from) / 1000,
  };
}

const TREES = 4;

async function prepare(rig: Rig): Promise<Soaked> {
  const offers: Soaked['offers'][number][] = [];
  for (let number = 0; number < TREES; number += 1) {
    const tree = join(rig.folder, `offer-${String(number)}`);
    // Sizes that differ, so that room which is not given back shows.
    const ballastBytes = number * 768 * 1024;
    await makeTinyTree({ path: tree, version: `9.${String(number)}`, ballastBytes });
    offers.push({ tree, content: await expectedContent(tree, join(rig.folder, 'expected'), {}) });
  }
  const hooks = join(rig.folder, 'failing');
  await mkdir(hooks);
  await writeFile(join(hooks, 'fail.yaml'), FAILING_IN_THE_END);
  const config = join(rig.folder, 'failing.yaml');
  await writeFile(config, 'cloud-init-paths: [/run/failing]\n');
  const versions = new Set([rig.contents.installed, ...offers.map(({ content }) => content)]);
  const reader = createDiskReader(rig.folder);
  const disk = await rig.fresh();
  return {
    rig,
    disk,
    offers,
    failing: { '/run/failing': hooks, '/etc/elemental/config.d/failing.yaml': config },
    facts: () => reader.read(disk, versions),
  };
}

/** Of the running system, when the new one is built: there is much to undo. */
const FAILING_IN_THE_END = `stages:
  after-upgrade:
    - commands: [exit 3]
`;

function nameOf({ number, wish, slot }: Turn): string {
  return `${String(number)} (${wish.name}, from ${slot})`;
}

const NOTHING: Room = { segments: 0, log: 0, rest: 0 };
const MIB = 2 ** 20;

/** The bounds of `state/access.ts`, and the operation that goes on beyond them before it prunes; and what a file system takes for itself. */
const SEGMENTS = 404;
const LOG_BYTES = 9 * MIB;
const REST_GROWS = MIB;

function unbounded(rooms: readonly Room[]): readonly string[] {
  const [first = NOTHING, last = first] = [rooms[0], rooms.at(-1)];
  return [
    ...(last.segments > SEGMENTS ? [`the log has ${String(last.segments)} segments`] : []),
    ...(last.log > LOG_BYTES ? [`the log takes ${String(last.log)} bytes`] : []),
    ...(last.rest > first.rest + REST_GROWS
      ? [`${String(last.rest - first.rest)} bytes of COS_STATE are nobody's`]
      : []),
  ];
}

function larger(a: Room, b: Room): Room {
  return {
    segments: Math.max(a.segments, b.segments),
    log: Math.max(a.log, b.log),
    rest: Math.max(a.rest, b.rest),
  };
}
