import { link, mkdir, open, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { tool } from './loop-machine.ts';

/** A root tree with everything that a careless copy loses. Eleven files of 4 MiB + 30 bytes, hard links once. */
export async function makeDemandingTree(tree: string): Promise<void> {
  const inside = (name: string) => path.join(tree, name);
  for (const name of ['etc', 'usr/bin', 'special', 'empty', 'srv/proc', ...NEVER_COPIED]) {
    await mkdir(inside(name), { recursive: true });
  }
  for (const name of NEVER_COPIED) await writeFile(inside(`${name}/left-behind`), 'x');
  await writeFile(inside('etc/os-release'), 'VERSION=2.0\n');
  const small = ['usr/bin/su', 'usr/bin/ping', 'usr/bin/listed', 'special/one', 'srv/proc/kept'];
  const long = path.join('special', 'l'.repeat(200), 'o'.repeat(200));
  await mkdir(inside(path.dirname(long)));
  for (const name of [
    ...small,
    long,
    'special/Grüße',
    'special/ name\twith "signs"\\ and\nlines',
  ]) {
    await writeFile(inside(name), 'xy');
  }
  await writeFile(
    Buffer.concat([Buffer.from(inside('special/')), Buffer.from([0xff, 0xe4])]),
    'xy',
  );
  await tool('chmod', '4755', inside('usr/bin/su'));
  await tool('chmod', '1777', inside('empty'));
  await tool('setcap', 'cap_net_raw+ep', inside('usr/bin/ping'));
  await tool('setfattr', '-n', 'user.note', '-v', 'kept', inside('usr/bin/listed'));
  await tool('setfacl', '-m', 'u:12345:r', inside('usr/bin/listed'));
  await tool('setfacl', '-d', '-m', 'g:12346:rx', inside('empty'));
  await link(inside('special/one'), inside('usr/bin/two'));
  await symlink('/usr/bin/su', inside('special/absolute'));
  await symlink('../../../../outside', inside('special/upwards'));
  await tool('mknod', inside('special/null'), 'c', '1', '3');
  await tool('mkfifo', inside('special/pipe'));
  await makeSparse(inside('special/sparse'));
  await tool('chown', '--no-dereference', '54321:54322', inside('special/absolute'));
  await tool('chown', '54321:54322', inside('special/one'));
  await utimes(inside('special/one'), 1_000_000_000, 1_234_567_890.5);
  await utimes(inside('special'), 1_000_000_000, 1_234_567_000);
}

/** Everything about a tree that a copy must keep, as text. Without what is never copied. */
export async function portraitOf(tree: string): Promise<string> {
  const left = [...NEVER_COPIED, 'lost+found'].flatMap((name) => [
    '-path',
    `${tree}/${name}`,
    '-prune',
    '-o',
  ]);
  // Whole seconds: squashfs keeps no more.
  const attributes = await tool(
    ...(['find', tree, '-mindepth', '1', ...left] as const),
    ...['(', '-type', 'd', '-printf', '%P %y %m %U %G\\n', '-o'],
    ...['-printf', '%P %y %m %U %G %s %TY-%Tm-%Td %TH:%TM %n %l\\n', ')'],
  );
  const extended = await tool('getfattr', '--absolute-names', '-Rhd', '-m', '-', tree);
  const blocks = await tool('du', '--block-size=1024', path.join(tree, 'special/sparse'));
  const device = await tool('stat', '--format=%t:%T', path.join(tree, 'special/null'));
  return [
    attributes.split('\n').toSorted().join('\n'),
    extended.replaceAll(tree, '').split('\n\n').toSorted().join('\n\n'),
    Number(blocks.split('\t')[0]) < 1024 ? 'sparse' : 'dense',
    device,
  ].join('\n');
}

const NEVER_COPIED = ['mnt', 'proc', 'sys', 'dev', 'tmp', 'host', 'run'] as const;

const makeSparse = async (file: string): Promise<void> => {
  const handle = await open(file, 'w');
  try {
    await handle.truncate(4 * 2 ** 20);
    await handle.write('data', 2 ** 20);
  } finally {
    await handle.close();
  }
};
