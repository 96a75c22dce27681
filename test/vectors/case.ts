import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Meta {
  readonly type: 'file' | 'dir' | 'symlink' | 'absent';
  readonly mode?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly target?: string;
}

export interface VectorCase {
  readonly id: string;
  readonly argv: readonly string[];
  readonly judgement: 'match' | 'diverge';
  readonly want?: string;
  readonly stdin?: string;
  readonly env?: readonly string[];
  readonly http?: { readonly serve: string };
  readonly root_meta?: Readonly<Record<string, Meta>>;
  readonly input_symlinks?: Readonly<Record<string, string>>;
}

export interface Change {
  readonly change: 'created' | 'modified' | 'deleted';
  readonly type?: string;
  readonly mode?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly sha256?: string;
  readonly content?: string;
  readonly content_template?: string;
  readonly target?: string;
}

/** What a run did, or should have done. */
export interface Outcome {
  readonly result: 'ok' | 'fail';
  readonly log: readonly string[];
  /** Instead of `log`, where chance is wanted. */
  readonly logPattern?: string;
  readonly changes: Readonly<Record<string, Change>>;
  readonly hostname?: string;
  readonly alternatives?: readonly Outcome[];
  /** Only of our own runs, for people. */
  readonly failures?: readonly string[];
  readonly warnings?: readonly string[];
}

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

export function readCase(directory: string): VectorCase {
  return readJson(join(directory, 'case.json')) as VectorCase;
}
