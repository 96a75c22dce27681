/**
 * Runs conformance vectors of the cloud-init dialect with our engine and tells which agree.
 *
 *   npm run vectors -- [DIRECTORY] [--base BASE.tar] [--only id,...] [--verbose] [--report FILE] [--record FILE]
 *   npm run vectors -- --base-only    (makes the base root and names its directory)
 *
 * Needs root and a base root (README of the vectors), which is made once and kept in the user's cache; ends with 75 where it
 * cannot be made. A case of judgement `diverge` is compared with our own wish for it in `wanted.json`, which says in data what
 * the case's `want` says in words; one that has no wish there is told as unjudged, with what was wanted and what we did. A case
 * of judgement `match` in that file is one where we differ on purpose; it is told, too.
 */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import type { Outcome } from './case.ts';
import { readCase, readJson } from './case.ts';
import { differences } from './compare.ts';
import { runVector } from './engine.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    base: { type: 'string' },
    'base-only': { type: 'boolean', default: false },
    only: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    report: { type: 'string' },
    record: { type: 'string' },
    wanted: { type: 'string' },
    case: { type: 'string' },
    work: { type: 'string' },
  },
});
/** The exit code for what can be done elsewhere, or later. */
const cannotBeRunHere = 75;

class CannotRun extends Error {}

const self = fileURLToPath(import.meta.url);
/** A path as the caller wrote it: npm changes the directory. */
const vectors = resolve(process.env['INIT_CWD'] ?? '.', positionals[0] ?? resolve('test/vectors/cloud-init'));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

if (options.case !== undefined) {
  const found = { vectors, base: options.base ?? '', work: options.work ?? '', id: options.case };
  say(JSON.stringify(await runVector(found)));
} else {
  process.exitCode = await runWhereWeCan();
}

type Verdict = 'agree' | 'deviate' | 'differ' | 'unjudged';

interface Judged {
  readonly id: string;
  readonly verdict: Verdict;
  readonly judgement: string;
  readonly actual: Outcome;
  readonly want?: string;
  /** Against the outcome that is nearest. */
  readonly differences: readonly string[];
}

async function runWhereWeCan(): Promise<number> {
  try {
    const base = unpackedBase();
    if (options['base-only']) {
      say(base);
      return 0;
    }
    return await runAll(base);
  } catch (error) {
    if (error instanceof CannotRun) {
      process.stderr.write(`the vectors cannot be run here: ${error.message}\n`);
      return cannotBeRunHere;
    }
    throw error;
  }
}

async function runAll(base: string): Promise<number> {
  const wantedFile = options.wanted ?? 'test/vectors/wanted.json';
  const wanted = existsSync(wantedFile) ? (readJson(wantedFile) as Record<string, Outcome>) : {};
  const only = options.only?.split(',');
  const ids = readdirSync(vectors).filter(
    (id) => existsSync(join(vectors, id, 'case.json')) && (only?.includes(id) ?? true),
  );
  const started = performance.now();
  const judged = await sideBySide(ids, async (id) => judge(id, await runApart(id, base), wanted));
  const seconds = Math.round((performance.now() - started) / 1000);
  const count: Record<Verdict, number> = { agree: 0, deviate: 0, differ: 0, unjudged: 0 };
  for (const one of judged) {
    count[one.verdict] += 1;
    tell(one);
  }
  if (options.report !== undefined) {
    const cases = judged.map(({ id, verdict, differences }) => ({ id, verdict, differences }));
    writeFileSync(options.report, `${JSON.stringify({ count, seconds, cases }, null, 1)}\n`);
  }
  if (options.record !== undefined) {
    const diverging = judged.filter(({ judgement }) => judgement === 'diverge');
    const recorded = Object.fromEntries(diverging.map(({ id, actual }) => [id, actual]));
    writeFileSync(options.record, `${JSON.stringify(recorded, null, 1)}\n`);
  }
  say(
    `${String(ids.length)} cases in ${String(seconds)} s: ${String(count.agree)} agree, ${String(count.deviate)} deviate on purpose, ${String(count.differ)} differ, ${String(count.unjudged)} unjudged`,
  );
  return count.differ + count.unjudged === 0 ? 0 : 1;
}

/** As many at a time as there are processors; the answers in the order of the questions. */
async function sideBySide<T, U>(all: readonly T[], work: (one: T) => Promise<U>): Promise<U[]> {
  const answers: U[] = [];
  const open = [...all.entries()];
  const worker = async (): Promise<void> => {
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      answers[next[0]] = await work(next[1]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return answers;
}

function judge(id: string, actual: Outcome, wanted: Readonly<Record<string, Outcome>>): Judged {
  const { judgement, want } = readCase(join(vectors, id));
  const ours = wanted[id] === undefined ? [] : [wanted[id]];
  const wishes = judgement === 'match' ? matching(id) : ours;
  const found = wishes.map((wish) => differences(actual, wish));
  const best = [...found].sort((left, right) => left.length - right.length)[0];
  const onPurpose =
    judgement === 'match' && ours.some((wish) => differences(actual, wish).length === 0);
  const verdict = verdictOf(best, onPurpose ? 'deviate' : 'differ');
  const wish = want === undefined ? {} : { want };
  return { id, verdict, judgement, actual, differences: best ?? [], ...wish };
}

function tell({ id, verdict, judgement, actual, differences: found, want }: Judged): void {
  if (verdict === 'agree' && !options.verbose) {
    return;
  }
  say(`${verdict.toUpperCase()} ${id} (${judgement})`);
  found.forEach((line) => say(`    ${line}`));
  if (verdict === 'unjudged') {
    say(`    want: ${want ?? ''}`);
    say(`    ours: ${JSON.stringify(actual)}`);
  }
  if (verdict === 'differ') {
    say(`    failures: ${JSON.stringify(actual.failures)}`);
  }
}

function verdictOf(
  best: readonly string[] | undefined,
  otherwise: 'deviate' | 'differ',
): Verdict {
  if (best === undefined) {
    return 'unjudged';
  }
  return best.length === 0 ? 'agree' : otherwise;
}

/** Either version of the reference is conforming, and so is what it did in another of its runs. */
function matching(id: string): readonly Outcome[] {
  return ['expected.json', 'expected.newer.json'].flatMap((name) => {
    const path = join(vectors, id, name);
    if (!existsSync(path)) {
      return [];
    }
    const outcome = readJson(path) as Outcome;
    return [outcome, ...(outcome.alternatives ?? [])];
  });
}

async function runApart(id: string, base: string): Promise<Outcome> {
  const work = mkdtempSync(join(tmpdir(), 'slotwright-vector-'));
  try {
    const { stdout } = await promisify(execFile)(
      'unshare',
      [
        ...[
          '--mount',
          '--uts',
          '--net',
          '--ipc',
          '--pid',
          '--fork',
          '--kill-child',
          '--mount-proc',
        ],
        ...['--', process.execPath, self, vectors, '--base', base, '--work', work, '--case', id],
      ],
      { maxBuffer: 64 * 1024 * 1024, timeout: 60_000 },
    );
    return JSON.parse(stdout) as Outcome;
  } catch (error) {
    const failures = [error instanceof Error ? error.message : String(error)];
    return { result: 'fail', log: [], changes: {}, failures };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The base root as a tree, unpacked once beside its archive. Whatever is half made has another name. */
function unpackedBase(): string {
  if (process.getuid?.() !== 0) {
    throw new CannotRun('this needs root');
  }
  const archive = resolve(options.base ?? join(cache(), 'vectors-base.tar'));
  const tree = archive.replace(/\.tar$/, '');
  if (existsSync(join(tree, 'etc/os-release'))) {
    return tree;
  }
  mkdirSync(dirname(archive), { recursive: true });
  const halfMade = mkdtempSync(`${tree}-`);
  try {
    if (!existsSync(archive)) {
      makeBase(join(halfMade, 'base.tar'));
      renameSync(join(halfMade, 'base.tar'), archive);
    }
    const root = join(halfMade, 'root');
    mkdirSync(root);
    execFileSync('tar', ['-xf', archive, '-C', root]);
    // The reference ran with plain directories there, which every case brings itself.
    for (const name of ['proc', 'sys']) {
      rmSync(join(root, name), { recursive: true, force: true });
    }
    rmSync(tree, { recursive: true, force: true });
    renameSync(root, tree);
  } finally {
    rmSync(halfMade, { recursive: true, force: true });
  }
  return tree;
}

function makeBase(archive: string): void {
  const packages = 'systemd,passwd,openssh-client,procps,kmod,ca-certificates';
  const words = ['--quiet', '--variant=minbase', `--include=${packages}`, 'bookworm', archive];
  say('making the base root of the vectors, once (mmdebstrap)');
  const { status, stderr, error } = spawnSync('mmdebstrap', words, { encoding: 'utf8' });
  if (status !== 0) {
    const reason = error?.message ?? stderr.trim().split('\n').slice(-3).join('; ');
    throw new CannotRun(`their base root cannot be made from the package archive: ${reason}`);
  }
}

/** Not in the checkout: a sandbox made there is thrown away with everything in it. */
function cache(): string {
  const caches = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return process.env['SLOTWRIGHT_CACHE'] ?? join(caches, 'slotwright');
}
