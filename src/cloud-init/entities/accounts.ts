import { bytesToText } from '../byte-text.ts';
import type { Target } from '../target.ts';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** The users of the target; lines that make no sense are passed over. */
export async function readPasswd(target: Target): Promise<readonly Account[]> {
  const lines = await readLines(target, '/etc/passwd');
  return lines.flatMap((line) => {
    const [name = '', , uid = '', gid = '', , home = ''] = line.split(':');
    return name !== '' && isId(uid) && isId(gid)
      ? [{ name, uid: Number(uid), gid: Number(gid), home }]
      : [];
  });
}

export async function readGroups(target: Target): Promise<readonly Group[]> {
  const lines = await readLines(target, '/etc/group');
  return lines.flatMap((line) => {
    const [name = '', , gid = '', members = ''] = line.split(':');
    return name !== '' && isId(gid)
      ? [{ name, gid: Number(gid), members: members.split(',').filter((member) => member !== '') }]
      : [];
  });
}

/** The lines of a text file of the target without the empty ones; none when there is no such file. */
export async function readLines(target: Target, path: string): Promise<readonly string[]> {
  const bytes = await target.files.read(path);
  return bytes === undefined
    ? []
    : bytesToText(bytes)
        .split('\n')
        .filter((line) => line !== '');
}

function isId(text: string): boolean {
  return /^\d{1,10}$/.test(text);
}
