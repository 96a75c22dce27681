/** The folder rules of docs/architecture.md, held by reading every import. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/** What each part may import besides itself and the words that everybody shares (ports, errors, exit codes). */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  machines: ['state', 'src/boot'],
  state: ['engine'],
  'src/boot': [],
  'src/cloud-init': [],
  'src/config': ['src/boot'],
  'src/engine': ['machines', 'state', 'src/boot'],
  'src/inspect': ['src/engine', 'machines', 'state', 'src/boot'],
  'src/proof': [
    'src/engine',
    'src/system/simulated',
    'src/sandbox',
    'state',
    'machines',
    'src/boot',
  ],
  'src/replay': [
    'src/proof',
    'src/inspect',
    'src/engine',
    'src/system/simulated',
    'src/boot',
    'machines',
    'state',
  ],
  'src/testing': [
    'src/replay',
    'src/proof',
    'src/inspect',
    'src/engine',
    'src/system/simulated',
    'state',
  ],
  'src/system/linux': ['src/boot', 'src/cloud-init', 'state'],
  'src/system/simulated': ['src/engine', 'src/boot', 'state', 'machines'],
  'src/sandbox': [
    'src/engine',
    'src/inspect',
    'src/system/simulated',
    'src/boot',
    'src/cli',
    'machines',
    'state',
  ],
  'src/media': ['src/boot', 'state'],
  'src/cli': ['src/config', 'src/inspect', 'src/replay', 'src/engine', 'machines', 'state'],
};

const SHARED = new Set([
  'src/system/port.ts',
  'src/system/interposed.ts',
  'src/system/faulty.ts',
  'src/system/ext-features.ts',
  'src/errors.ts',
  'src/exit-codes.ts',
  'src/address.ts',
  // The names of cut points: typed at the command line, printed by the proof.
  'src/proof/prove/points.ts',
]);

/** Files at the edge: only they touch the machine. */
const EDGES = [
  'state/',
  'src/system/linux/',
  'src/sandbox/',
  'src/media/',
  'src/proof/',
  'src/main.ts',
  'src/composition.ts',
  'src/cli/private-namespace.ts',
  'src/cli/process-host.ts',
];
const MACHINE = ['node:fs', 'node:fs/promises', 'node:child_process', 'execa'];

const files = ['machines', 'state', 'src'].flatMap((root) =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.join(root, name)),
);

describe('the folders', () => {
  it('import only what stands below them', () => {
    const wrong = files.flatMap((file) =>
      imports(file)
        .filter((name) => name.startsWith('.'))
        .map((name) => path.join(path.dirname(file), name))
        .filter((target) => !allowed(file, target))
        .map((target) => `${file} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('touch files and processes only at the edges', () => {
    const wrong = files
      .filter((file) => !EDGES.some((edge) => file.startsWith(edge)))
      .filter((file) => imports(file).some((name) => MACHINE.includes(name)));
    expect(wrong).toEqual([]);
  });

  it('have no clock and no chance outside the edges', () => {
    const chance =
      /\bDate\.now\(|\bnew Date\(\)|Math\.random\(|\bnanoid\b|\brandomUUID\b|performance\.now\(/;
    const wrong = files
      .filter((file) => !EDGES.some((edge) => file.startsWith(edge)))
      .filter((file) => chance.test(readFileSync(file, 'utf8')));
    expect(wrong).toEqual([]);
  });

  it('have no file that is called helpers, utils or common', () => {
    expect(files.filter((file) => /(^|\/)(helpers?|utils?|common|misc)\b/.test(file))).toEqual([]);
  });
});

function allowed(file: string, target: string): boolean {
  const from = part(file);
  // The composition root knows every part.
  if (SHARED.has(target) || from === 'src') return true;
  const to = part(target);
  return from === to || (MAY_IMPORT[from] ?? []).some((may) => to === may || to === `src/${may}`);
}

function part(file: string): string {
  const [first = '', second = '', third = ''] = file.split('/');
  if (first !== 'src') return first;
  if (second === 'system') return third.endsWith('.ts') ? 'src/system' : `src/system/${third}`;
  return second.endsWith('.ts') ? 'src' : `src/${second}`;
}

function imports(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*\(?['"]([^'"]+)['"]/g)].map(
    (match) => match[1] ?? '',
  );
}
