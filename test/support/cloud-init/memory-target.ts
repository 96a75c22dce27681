import { bytesToText, textToBytes } from '../../../src/cloud-init/byte-text.ts';
import type {
  ExecRequest,
  ExecResult,
  FetchRequest,
  FetchResult,
  Target,
  TargetFiles,
} from '../../../src/cloud-init/target.ts';
import { SystemError } from '../../../src/errors.ts';

/** A target in memory: files by path without links, programs that only log what was asked of them. */
export interface MemoryTarget extends Target {
  readonly content: Map<string, string>;
  /** Argument lists of all programs that were run. */
  readonly calls: (readonly string[])[];
}

export interface MemoryTargetOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly scope?: Target['scope'];
  readonly exec?: (request: ExecRequest) => ExecResult;
  readonly fetch?: (request: FetchRequest) => { readonly status: number; readonly text: string };
}

export function memoryTarget(options: MemoryTargetOptions = {}): MemoryTarget {
  const content = new Map(Object.entries({ '/bin/sh': '', ...options.files }));
  const calls: (readonly string[])[] = [];
  return {
    content,
    calls,
    scope: options.scope ?? 'running-system',
    workingDirectory: '/work',
    files: memoryFiles(content),
    exec(request) {
      calls.push(request.argv);
      return Promise.resolve(options.exec?.(request) ?? { ended: 'exited', code: 0 });
    },
    fetch(request): Promise<FetchResult> {
      const answer = options.fetch?.(request);
      return answer === undefined
        ? Promise.reject(
            new SystemError({ code: 'fetch-failed', message: `cannot fetch ${request.url}` }),
          )
        : Promise.resolve({
            status: answer.status,
            bytes: Buffer.from(answer.text),
            fileName: request.url.split('/').at(-1) ?? '',
          });
    },
    hostname: () => Promise.resolve('box'),
    setHostname: () => Promise.resolve(),
    values: () => Promise.resolve({ node: { hostname: 'box' } }),
    random: (bytes) => new Uint8Array(bytes).fill(7),
    now: () => 20_000 * 86_400_000,
    today: () => 20_000,
  };
}

function memoryFiles(content: Map<string, string>, root = ''): TargetFiles {
  const files = filesOf(content);
  const at = (path: string): string => `${root}${path}`;
  return {
    stat: (path, links) => files.stat(at(path), links),
    readLink: (path) => files.readLink(at(path)),
    read: (path) => files.read(at(path)),
    list: (path) => files.list(at(path)),
    write: (file) => files.write({ ...file, path: at(file.path) }),
    overwrite: (path, bytes) => files.overwrite(at(path), bytes),
    makeDirectory: (made) => files.makeDirectory({ ...made, path: at(made.path) }),
    remove: (path) => files.remove(at(path)),
    setMode: (path, mode) => files.setMode(at(path), mode),
    setOwner: (path, owner) => files.setOwner(at(path), owner),
    inside: (directory, act) => act(memoryFiles(content, at(directory))),
  };
}

function filesOf(content: Map<string, string>): Omit<TargetFiles, 'inside'> {
  const isDirectory = (path: string): boolean =>
    path === '/' || [...content.keys()].some((name) => name.startsWith(`${path}/`));
  const done = Promise.resolve();
  return {
    stat(path) {
      const text = content.get(path);
      const common = { uid: 0, gid: 0 };
      if (text !== undefined) {
        return Promise.resolve({ kind: 'file', mode: 0o644, bytes: text.length, ...common });
      }
      return Promise.resolve(
        isDirectory(path) ? { kind: 'directory', mode: 0o755, bytes: 0, ...common } : undefined,
      );
    },
    readLink: () => Promise.resolve(undefined),
    read(path) {
      const text = content.get(path);
      return Promise.resolve(text === undefined ? undefined : textToBytes(text));
    },
    list(path) {
      const names = [...content.keys()]
        .filter((name) => name.startsWith(`${path}/`))
        .map((name) => name.slice(path.length + 1).split('/')[0] ?? '');
      return Promise.resolve([...new Set(names)].sort());
    },
    write(file) {
      content.set(file.path, bytesToText(file.bytes));
      return done;
    },
    overwrite(path, bytes) {
      content.set(path, bytesToText(bytes));
      return done;
    },
    makeDirectory: () => done,
    remove(path) {
      content.delete(path);
      return done;
    },
    setMode: () => done,
    setOwner: () => done,
  };
}
