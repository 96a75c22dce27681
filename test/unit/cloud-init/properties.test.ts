/** What must hold for every text that may lie in a hook directory, sound or not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Notation } from '../../../src/cloud-init/document.ts';
import { readDocument } from '../../../src/cloud-init/document.ts';
import { lintTexts } from '../../../src/cloud-init/lint/lint.ts';
import { runCloudInit } from '../../../src/cloud-init/run-cloud-init.ts';
import { runStage } from '../../../src/cloud-init/run-stage.ts';
import type { ExecResult } from '../../../src/cloud-init/target.ts';
import type { HookEvent } from '../../../src/system/port.ts';
import { anyText, anyWords } from '../../support/cloud-init/documents.ts';
import type { MemoryTarget } from '../../support/cloud-init/memory-target.ts';
import { memoryTarget } from '../../support/cloud-init/memory-target.ts';

/** As many as CI has time for. */
const documents = 10_000;

const endings: readonly ExecResult[] = [
  { ended: 'exited', code: 0 },
  { ended: 'exited', code: 3 },
  { ended: 'killed', by: 'SIGKILL' },
  { ended: 'missing', reason: 'not found' },
];

/** A small system whose programs end in every way, by what they are called with. */
function system(files: Readonly<Record<string, string>>, scope: MemoryTarget['scope']) {
  return memoryTarget({
    scope,
    files: {
      '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
      '/etc/group': 'root:x:0:\nusers:x:100:\n',
      '/etc/shadow': 'root:*:19000:0:99999:7:::\n',
      '/etc/hosts': '127.0.0.1 localhost box\n',
      '/etc/os-release': 'ID=debian\n',
      '/root/.profile': '',
      ...files,
    },
    exec: ({ argv }) => endings[argv.join(' ').length % 8] ?? { ended: 'exited', code: 0 },
    fetch: ({ url }) => ({ status: url.length % 2 === 0 ? 200 : 404, text: 'ssh-ed25519 AAAA x' }),
  });
}

const scopes = fc.constantFrom<MemoryTarget['scope'][]>('running-system', 'chroot');
const stages = fc.constantFrom('boot', 'boot', 'boot', 'boot.before', 'rootfs', 'network');

/** Runs a document and says what came of it. */
async function outcomeOf(document: {
  readonly text: string;
  readonly notation: Notation;
  readonly stage: string;
  readonly scope: MemoryTarget['scope'];
}) {
  const { text, notation, stage, scope } = document;
  const events: HookEvent[] = [];
  const result = await runCloudInit({
    stage,
    sources: ['/d.yaml'],
    notation,
    stdin: async () => '',
    target: system({ '/d.yaml': text }, scope),
    signal: new AbortController().signal,
    emit: async (event) => void events.push(event),
  });
  return { events, result, read: readDocument(text, { stage, notation }) };
}

const generated = fc.record({
  document: fc.oneof(
    { arbitrary: anyText.map((text) => ({ text, notation: 'yaml' as const })), weight: 9 },
    { arbitrary: anyWords.map((text) => ({ text, notation: 'dot' as const })), weight: 1 },
  ),
  stage: stages,
  scope: scopes,
});

describe(`of ${String(documents)} generated documents`, () => {
  it('each has its effects, or an error that says where; none is lost, crashes or hangs the engine', async () => {
    let [ran, refused, steps, failures] = [0, 0, 0, 0];
    await fc.assert(
      fc.asyncProperty(generated, async ({ document, ...where }) => {
        const { events, result, read } = await outcomeOf({ ...document, ...where });
        const failed = events.filter((event) => event.type === 'hook.failed');
        for (const failure of failed) {
          expect(failure, failure.error).toMatchObject({
            source: '/d.yaml',
            error: expect.stringMatching(/\w/) as string,
            line: expect.any(Number) as number,
            column: expect.any(Number) as number,
          });
        }
        expect(result.failures).toHaveLength(failed.length);
        const isRefused = read.errors.length > 0;
        expect(result.stepsRun + result.stepsSkipped).toBe(isRefused ? 0 : read.steps.length);
        const isToldOf = isRefused || read.lost.length > 0;
        expect(failed.length > 0).toBe(isToldOf || failed.some(({ step }) => step !== undefined));
        ran += isRefused ? 0 : 1;
        refused += isRefused ? 1 : 0;
        steps += result.stepsRun;
        failures += failed.length;
      }),
      { numRuns: documents, timeout: 10_000 },
    );
    process.stdout.write(
      `cloud-init: ${String(documents)} documents, ${String(ran)} ran (${String(steps)} steps), ${String(refused)} refused, ${String(failures)} failures, each with its place\n`,
    );
    // Neither side may be what the generator makes of everything.
    expect(Math.min(ran, refused)).toBeGreaterThan(documents / 10);
    expect(steps).toBeGreaterThan(documents / 10);
  }, 120_000);

  it('lint has something to say of each that fails to be read', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const findings = lintTexts([{ name: 'f', text }]);
        const { errors, lost } = readDocument(text, { stage: 'boot', notation: 'yaml' });
        const told = findings.filter(({ severity }) => severity === 'error');
        expect(told.length > 0 || errors.length + lost.length === 0).toBe(true);
      }),
      { numRuns: documents / 5 },
    );
  }, 120_000);

  it('a stage survives any of them, beside any kernel command line', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, anyText, anyWords, scopes, async (one, two, words, scope) => {
        const result = await runStage({
          stage: 'boot',
          extraPaths: ['/d'],
          commandLine: words,
          target: system({ '/oem/1.yaml': one, '/d/2.yaml': two }, scope),
          signal: new AbortController().signal,
          emit: async () => undefined,
        });
        expect(result.stepsRun + result.stepsSkipped).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: documents / 10, timeout: 10_000 },
    );
  }, 120_000);
});
