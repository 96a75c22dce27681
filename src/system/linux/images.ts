import { doing } from './file-error.ts';
import { extentsOf } from './extents.ts';
import { fetchFile } from './fetch-file.ts';
import { digestOfBytes, digestOfContent } from './image-digest.ts';
import { checkImage, copyImage, createImage, packTree, relabelImage } from './image-file.ts';
import { machineTypeOf } from './machine-type.ts';
import { readManifest } from './manifest.ts';
import { unreadableWithin, withSourceTree } from './source-tree.ts';
import { setContexts } from './selinux.ts';
import { readSuperblock } from './superblock.ts';
import { copyTree } from './tree-copy.ts';
import type { Effort, ImageSource, ImagesPort, SourceFacts } from '../port.ts';
import type { Exec } from './exec.ts';

/** Sources that are read and images that are made of them. What inspection found is remembered for the life of the process. */
export function createImages(exec: Exec): ImagesPort {
  const known = new Map<string, SourceFacts>();
  const inspect = async (source: ImageSource, effort: Effort): Promise<SourceFacts> => {
    const key = `${source.kind}:${source.path}`;
    const facts = known.get(key) ?? (await inspectSource(exec, source, effort));
    known.set(key, facts);
    return facts;
  };
  return {
    inspect,
    create: (path, image) => createImage(exec, path, image),
    fill: async (source, at, effort) => {
      const { contentBytes, files } = await inspect(source, effort);
      const report = reporter(effort, contentBytes);
      const ahead = writeAhead(exec, at);
      const passed = (bytes: number): void => {
        report.passed(bytes);
        ahead.passed(bytes);
      };
      const digest = await withSourceTree(exec, source, (tree) =>
        copyTree(exec, { from: tree, to: at }, { signal: effort.signal, passed }),
      ).finally(ahead.end);
      report.finish();
      return { digest, bytes: contentBytes, files };
    },
    copy: (from, to, effort) => copyImage(exec, from, to, effort),
    fetch: fetchFile,
    pack: (from, to, { options }, effort) =>
      withSourceTree(exec, { kind: 'file', path: from, uri: `file://${from}` }, (tree) =>
        packTree(exec, { tree, to, options }, effort),
      ),
    label: async (path) => (await readSuperblock(path)).label,
    uuid: async (path) => (await readSuperblock(path)).uuid,
    setContexts: (root, effort) => setContexts(exec, root, effort),
    relabel: (path, label) => relabelImage(exec, path, label),
    check: (path, effort) => checkImage(exec, path, effort),
    digest: async (path, effort) => {
      const extents = await extentsOf(exec, path);
      return doing(`read ${path}`, () => digestOfContent(path, effort, extents));
    },
  };
}

const inspectSource = (exec: Exec, source: ImageSource, effort: Effort): Promise<SourceFacts> =>
  withSourceTree(exec, source, async (tree) => {
    const manifest = await readManifest(exec, tree, effort.signal).catch(unreadableWithin(source));
    const arch = await machineTypeOf(tree);
    const facts = { ...manifest, ...(arch === undefined ? {} : { arch }) };
    if (source.kind === 'dir') return facts;
    const { fs } = await readSuperblock(source.path);
    const digest = await doing(`read ${source.path}`, () => digestOfBytes(source.path, effort));
    return { ...facts, digest, fs };
  });

/** Bytes after which writing to the disk is begun while the rest is still copied. */
const AHEAD = 32 * 2 ** 20;

/**
 * Starts writing back while more is copied: the disk works beside the processor instead of after it (a tenth to a quarter of the whole on
 * two cores). It settles nothing: whoever needs durability still syncs, and learns there what failed.
 */
const writeAhead = (exec: Exec, at: string) => {
  let since = 0;
  let writing: Promise<unknown> | undefined;
  return {
    passed: (bytes: number): void => {
      since += bytes;
      if (since < AHEAD || writing !== undefined) return;
      since = 0;
      writing = exec
        .read('sync', ['-f', '--', at])
        .catch(() => undefined)
        .finally(() => (writing = undefined));
    },
    end: async (): Promise<void> => {
      await writing;
    },
  };
};

/** Tells progress a hundred times at most; the stream has headers, so it can be longer than the content. */
const reporter = (effort: Effort, totalBytes: number) => {
  let doneBytes = 0;
  let told = 0;
  return {
    passed: (bytes: number) => {
      doneBytes = Math.min(doneBytes + bytes, totalBytes);
      if (doneBytes - told < totalBytes / 100) return;
      told = doneBytes;
      effort.report?.({ doneBytes, totalBytes });
    },
    finish: () => effort.report?.({ doneBytes: totalBytes, totalBytes }),
  };
};
