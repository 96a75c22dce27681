/** `prove`: a user's image and hooks, cut wherever an operation can be cut, as long as the budget lasts. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageBytes } from '../../engine/image-request.ts';
import { SystemError, UsageError } from '../../errors.ts';
import { EXIT } from '../../exit-codes.ts';
import { hasRoom } from '../../sandbox/requirements.ts';
import type { ImageSource, System } from '../../system/port.ts';
import { cutAfterRecords } from '../cuts/cut.ts';
import { missingForRig } from '../cuts/rig.ts';
import { createProofMachine } from './machine.ts';
import { pointName, pointsOf, type OperationName, type Point } from './points.ts';
import { rehearse, type Rehearsed } from './rehearse.ts';

export interface ProofRequest {
  readonly image?: ImageSource;
  /** Text of hook files by their name in /oem. */
  readonly hooks: Readonly<Record<string, string>>;
  readonly persistent?: string;
  readonly operations: readonly OperationName[];
  /** No cut is begun after it. */
  readonly budgetSeconds: number;
  /** The same seed tries the same points in the same order. */
  readonly seed: number;
  /** This one alone. */
  readonly point?: Point;
  /** The program to prove, in one file. */
  readonly program: string;
}

export interface ProofHooks {
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
}

export interface ProofReport {
  readonly seed: number;
  readonly operations: {
    operation: OperationName;
    records: number;
    seconds: number;
    leftOut: string[];
    failedHooks: string[];
  }[];
  readonly points: { readonly tried: number; readonly all: number };
  /** Kills and power cuts that were made; a point may have two. */
  readonly cuts: { readonly power: number; readonly kill: number };
  readonly violations: { point: string; sentences: string[] }[];
  readonly ended: 'everything tried' | 'budget' | 'violation' | 'stopped';
  readonly seconds: number;
}

export async function prove(
  system: System,
  request: ProofRequest,
  { signal, note }: ProofHooks,
): Promise<ProofReport> {
  const from = performance.now();
  const spent = (): number => (performance.now() - from) / 1000;
  await mustBePossible();
  const image = await imageOf(system, request.image, signal);
  const parent = tmpdir();
  await mustHaveRoom(parent, image?.bytes ?? 0);
  const folder = await mkdtemp(join(parent, 'slotwright-prove-'));
  try {
    const machine = await createProofMachine({
      folder,
      hooks: request.hooks,
      program: request.program,
      ...(image === undefined ? {} : { image }),
      ...(request.persistent === undefined ? {} : { persistent: request.persistent }),
    });
    const wanted = request.point === undefined ? request.operations : [request.point.operation];
    const rehearsed = new Map<OperationName, Rehearsed>();
    for (const operation of wanted) {
      if (signal.aborted) break;
      const one = await unlessStopped(signal, () => rehearse(machine, operation));
      if (one === undefined) break;
      rehearsed.set(operation, one);
      note(rehearsalLine(operation, one));
    }
    const records = new Map([...rehearsed].map(([name, one]) => [name, one.records] as const));
    const points = request.point === undefined ? pointsOf(records, request.seed) : [request.point];
    const cuts = { power: 0, kill: 0 };
    const violations: ProofReport['violations'] = [];
    let [next, tried] = [0, 0];
    const over = (): boolean =>
      signal.aborted || violations.length > 0 || (tried > 0 && spent() > request.budgetSeconds);
    const lane = async (): Promise<void> => {
      while (next < points.length && !over()) {
        const point = points[next];
        next += 1;
        const one = point === undefined ? undefined : rehearsed.get(point.operation);
        if (point === undefined || one === undefined) continue;
        const begun = performance.now();
        const judged = await unlessStopped(signal, () =>
          cutAfterRecords(
            one.rig,
            one.scenario,
            point.level === 'kill' ? 'process' : 'power',
            point.records,
          ),
        );
        if (judged === undefined) return;
        const name = pointName(point);
        tried += 1;
        if (judged === 'uncut') {
          note(`${name}: it ended before`);
          continue;
        }
        cuts[point.level] += judged.cuts;
        if (judged.wrong.length > 0)
          violations.push({ point: name, sentences: causesFirst(judged.wrong) });
        const took = ((performance.now() - begun) / 1000).toFixed(1);
        const verdict = judged.wrong.length === 0 ? 'every law held' : 'VIOLATED';
        note(`${String(tried)} of ${String(points.length)}  ${name}: ${verdict} (${took} s)`);
      }
    };
    // Each cut has a machine of its own, and mostly waits for its disk.
    await Promise.all([lane(), lane()]);
    return {
      seed: request.seed,
      operations: [...rehearsed].map(
        ([operation, { records: count, seconds, leftOut, failedHooks }]) => ({
          operation,
          records: count,
          seconds,
          leftOut: [...leftOut],
          failedHooks: [...failedHooks],
        }),
      ),
      points: { tried, all: points.length },
      cuts,
      violations,
      ended: endOf(signal, violations.length, tried < points.length),
      seconds: spent(),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Ctrl-C in a terminal is for the commands inside as well: what comes of them by then says nothing. */
async function unlessStopped<T>(
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    const result = await work();
    return signal.aborted ? undefined : result;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** An image that is not what it should be breaks laws as well: what it differs in explains them. */
function causesFirst(sentences: readonly string[]): string[] {
  const isLaw = (sentence: string): number => Number(/: law [1-7]: /.test(sentence));
  return [...sentences].sort((a, b) => isLaw(a) - isLaw(b));
}

function endOf(signal: AbortSignal, violations: number, isLeft: boolean): ProofReport['ended'] {
  if (violations > 0) return 'violation';
  if (signal.aborted) return 'stopped';
  return isLeft ? 'budget' : 'everything tried';
}

function rehearsalLine(
  operation: OperationName,
  { records, seconds, leftOut, failedHooks }: Rehearsed,
): string {
  const differs =
    leftOut.length === 0 ? '' : `; from run to run differ: ${leftOut.slice(0, 3).join(', ')}`;
  const more = leftOut.length > 3 ? ` and ${String(leftOut.length - 3)} others` : '';
  const failed = failedHooks.length === 0 ? '' : `; hooks that failed: ${failedHooks.join(', ')}`;
  return `${operation}, not cut: ${String(records)} records, ${seconds.toFixed(1)} s${differs}${more}${failed}`;
}

async function mustBePossible(): Promise<void> {
  const reason = await missingForRig();
  if (reason === undefined) return;
  throw new SystemError({
    code: 'no-real-sandbox',
    message: 'nothing can be proved on this machine',
    reason,
    hint: 'run it as root, where loop devices and mount namespaces work, with the packages e2fsprogs, fdisk, busybox-static and grub-common',
    exit: EXIT.unsupported,
  });
}

async function imageOf(
  system: System,
  source: ImageSource | undefined,
  signal: AbortSignal,
): Promise<{ readonly source: ImageSource; readonly bytes: number } | undefined> {
  if (source === undefined) return undefined;
  const facts = await system.images.inspect(source, { signal });
  if (facts.files === 0) {
    throw new UsageError({
      code: 'source-empty',
      message: `${source.uri} has no files`,
      hint: 'name a root tree or an image file',
      exit: EXIT.noSource,
    });
  }
  return { source, bytes: imageBytes({ sizeBytes: 0 }, facts) };
}

const MIB = 2 ** 20;

/** Two machines at a time, each with two images, a copy to look at, and what GRUB reads. */
async function mustHaveRoom(directory: string, imageBytes: number): Promise<void> {
  const needed = 2 * 6 * imageBytes + 1024 * MIB;
  if (await hasRoom(directory, needed)) return;
  throw new SystemError({
    code: 'no-space',
    message: `${directory} has no room for the disks of a proof`,
    reason: `up to ${String(Math.ceil(needed / MIB))} MiB are needed`,
    hint: 'set TMPDIR to a directory with more room',
    exit: EXIT.noSpace,
  });
}
