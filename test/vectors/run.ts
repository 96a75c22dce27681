/**
 * Runs conformance vectors of the cloud-init dialect with our engine and tells which agree.
 *
 *   node RUN.mjs VECTORS [--base BASE.tar] [--only id,...] [--verbose] [--record FILE]
 *
 * Needs root and a base root (README of the vectors). A case of judgement `diverge` is compared with our own wish for it
 * in `wanted.json`, which says in data what the case's `want` says in words. A case of judgement `match` in that file is one
 * where we differ on purpose; it is told, too.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
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
    only: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    record: { type: 'string' },
    wanted: { type: 'string' },
    case: { type: 'string' },
    work: { type: 'string' },
  },
});
const self = fileURLToPath(import.meta.url);
const vectors = resolve(positionals[0] ?? 'test/vectors/cloud-init');
const say = (text: string): void => void process.stdout.write(`${text}\n`);

if (options.case !== undefined) {
  const found = { vectors, base: options.base ?? '', work: options.work ?? '', id: options.case };
  say(JSON.stringify(await runVector(found)));
} else {
  process.exitCode = await runAll();
}

async function runAll(): Promise<number> {
  const base = unpackedBase();
  const wantedFile = options.wanted ?? 'test/vectors/wanted.json';
  const wanted = existsSync(wantedFile) ? (readJson(wantedFile) as Record<string, Outcome>) : {};
  const only = options.only?.split(',');
  const ids = readdirSync(vectors).filter(
    (id) => existsSync(join(vectors, id, 'case.json')) && (only?.includes(id) ?? true),
  );
  const count = { agree: 0, deviate: 0, differ: 0, unjudged: 0 };
  const recorded: Record<string, Outcome> = {};
  for (const id of ids) {
    const vector = readCase(join(vectors, id));
    const actual = await runApart(id, base);
    const ours = wanted[id] === undefined ? [] : [wanted[id]];
    const wishes = vector.judgement === 'match' ? matching(id) : ours;
    const found = wishes.map((wish) => differences(actual, wish));
    const best = [...found].sort((left, right) => left.length - right.length)[0];
    const onPurpose =
      vector.judgement === 'match' && ours.some((wish) => differences(actual, wish).length === 0);
    const verdict = verdictOf(best, onPurpose ? 'deviate' : 'differ');
    count[verdict] += 1;
    if (vector.judgement === 'diverge') {
      recorded[id] = actual;
    }
    if (verdict !== 'agree' || options.verbose) {
      say(`${verdict.toUpperCase()} ${id} (${vector.judgement})`);
      best?.forEach((line) => say(`    ${line}`));
      if (verdict === 'unjudged') {
        say(`    want: ${vector.want ?? ''}`);
        say(`    ours: ${JSON.stringify(actual)}`);
      }
      if (verdict === 'differ') {
        say(`    failures: ${JSON.stringify(actual.failures)}`);
      }
    }
  }
  if (options.record !== undefined) {
    writeFileSync(options.record, `${JSON.stringify(recorded, null, 1)}\n`);
  }
  say(`${String(ids.length)} cases: ${JSON.stringify(count)}`);
  return count.differ + count.unjudged === 0 ? 0 : 1;
}

function verdictOf(
  best: readonly string[] | undefined,
  otherwise: 'deviate' | 'differ',
): 'agree' | 'deviate' | 'differ' | 'unjudged' {
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

/** The base root as a tree, unpacked once beside its archive. */
function unpackedBase(): string {
  const cache = process.env['SLOTWRIGHT_CACHE'] ?? '.sandbox';
  const archive = resolve(options.base ?? join(cache, 'vectors-base.tar'));
  const tree = archive.replace(/\.tar$/, '');
  if (existsSync(join(tree, 'etc/os-release'))) {
    return tree;
  }
  const packages = 'systemd,passwd,openssh-client,procps,kmod,ca-certificates';
  mkdirSync(tree, { recursive: true });
  if (!existsSync(archive)) {
    const words = ['--variant=minbase', `--include=${packages}`, 'bookworm', archive];
    execFileSync('mmdebstrap', words, { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  execFileSync('tar', ['-xf', archive, '-C', tree]);
  // The reference ran with plain directories there, which every case brings itself.
  for (const name of ['proc', 'sys']) {
    rmSync(join(tree, name), { recursive: true, force: true });
  }
  return tree;
}
