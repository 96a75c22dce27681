/**
 * The system that hooks act on: the running one, or the root of a new image. Everything a step does goes through this
 * port; the adapter keeps every path inside the target's root, whatever links stand there.
 */
export interface Target {
  /** In a chroot nothing may reach the running kernel: its host name, its parameters, its services. */
  readonly scope: 'running-system' | 'chroot';
  /** Where relative paths start and commands run. */
  readonly workingDirectory: string;
  readonly files: TargetFiles;
  /** Runs a program inside the target; a missing program is a result, not an error. */
  exec(request: ExecRequest): Promise<ExecResult>;
  /**
   * HTTP(S), certificates verified, redirects followed, through the proxy of the environment, with a few tries when
   * nothing comes or the server is out of order. Throws when no answer came.
   */
  fetch(request: FetchRequest): Promise<FetchResult>;
  hostname(): Promise<string>;
  /** Of the running kernel; only called when the scope is the running system. */
  setHostname(name: string): Promise<void>;
  /** The host facts that templates see as `.Values`. */
  values(): Promise<Values>;
  /** Cryptographically strong. */
  random(bytes: number): Uint8Array;
  /** Milliseconds since 1970-01-01 UTC, for the dates of templates. */
  now(): number;
  /** Today as days since 1970-01-01 UTC, for the shadow file. */
  today(): number;
}

/** Nested facts; what is not known is absent. */
export interface Values {
  readonly [name: string]: unknown;
}

export interface TargetStat {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  /** Permission, set-id and sticky bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly bytes: number;
}

export interface TargetFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface TargetDirectory {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Paths are absolute, seen from the target's root. All errors are `SystemError`s that name the path. */
export interface TargetFiles {
  stat(path: string, links: 'follow' | 'keep'): Promise<TargetStat | undefined>;
  /** Where a link points to; absent for what is no link. */
  readLink(path: string): Promise<string | undefined>;
  /** The content of a file; absent when there is none. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Names in a directory in byte order; empty when it is missing. */
  list(path: string): Promise<readonly string[]>;
  /** Replaces or creates a file in one go, with its final mode and owner; the parent must exist, links are followed. */
  write(file: TargetFile): Promise<void>;
  /** Writes into an existing file without replacing it: kernel parameters. */
  overwrite(path: string, bytes: Uint8Array): Promise<void>;
  /** Makes one directory with exactly this mode; the parent must exist, the name must be free. */
  makeDirectory(directory: TargetDirectory): Promise<void>;
  /** Removes a file name; an absent one is fine. */
  remove(path: string): Promise<void>;
  setMode(path: string, mode: number): Promise<void>;
  setOwner(path: string, owner: { readonly uid: number; readonly gid: number }): Promise<void>;
  /**
   * Acts on the files below a directory as if it were the root: for what belongs to somebody who may put links in our way
   * while we work.
   */
  inside<T>(directory: string, act: (files: TargetFiles) => Promise<T>): Promise<T>;
}

export interface ExecRequest {
  readonly argv: readonly [string, ...string[]];
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly signal: AbortSignal;
  /** Standard output and error, together, as they come. */
  readonly output: (chunk: Uint8Array) => void;
}

export type ExecResult =
  | { readonly ended: 'exited'; readonly code: number }
  | { readonly ended: 'killed'; readonly by: string }
  | { readonly ended: 'missing'; readonly reason: string };

export interface FetchRequest {
  readonly url: string;
  readonly signal: AbortSignal;
  /** For all tries together; 0 or absent: no limit. */
  readonly timeoutSeconds?: number;
  /** GET when absent. */
  readonly method?: 'GET' | 'PUT' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** `direct`: no proxy and no redirect, for a service of the machine's own network. */
  readonly route?: 'usual' | 'direct';
  /** `privileged`: from a port below 1024, by which a server knows the superuser. */
  readonly sourcePort?: 'any' | 'privileged';
  /** An answer with more bytes is an error; 1 GiB when absent. */
  readonly mostBytes?: number;
}

export interface FetchResult {
  readonly status: number;
  readonly bytes: Uint8Array;
  /** The file name that the server, or else the address, gives. */
  readonly fileName: string;
}
