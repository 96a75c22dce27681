import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planOf } from '../../../machines/step.ts';
import { upgrade } from '../../../machines/upgrade.ts';
import { redact } from '../../../src/inspect/redact.ts';
import { decodeBundle, encodeBundle } from '../../../state/bundle.ts';
import { openJsonlStore } from '../../../state/jsonl-store.ts';
import { readLogAt } from '../../../state/source-log.ts';
import type { Clock } from '../../../src/system/port.ts';
import { started } from '../../support/given.ts';

let place: string;
beforeEach(async () => {
  place = await mkdtemp(path.join(tmpdir(), 'source-log-'));
});
afterEach(() => rm(place, { recursive: true, force: true }));

/** Every look is a second later. */
function clockFrom(first: number): Clock {
  let second = first;
  return {
    now: () => new Date((second += 1) * 1000).toISOString(),
    monotonic: () => second * 1000,
  };
}

/** Three operations of a few records, as a device writes them. */
async function written(name = 'slotwright', first = 1_700_000_000): Promise<string> {
  const directory = path.join(place, name);
  const store = await openJsonlStore({ directory, clock: clockFrom(first), access: 'append' });
  for (const id of ['one', 'two', 'three']) {
    await store.begin('upgrade', id);
    await store.append(started(planOf(upgrade)));
    await store.append({ ...OUTPUT, text: `password=hunter2 of ${id}\n` });
    await store.append({ type: 'resource.acquired', resource: 'partitions', detail: null });
  }
  await store.release();
  return directory;
}

const OUTPUT = {
  type: 'hook.output',
  stage: 'after-upgrade-chroot',
  source: '/oem/install.yaml',
  step: 'install',
  part: 'commands',
  truncated: false,
} as const;

const filesOf = async (directory: string): Promise<readonly string[]> =>
  (await readdir(path.join(directory, 'events'))).map((name) =>
    path.join(directory, 'events', name),
  );

const ids = async (at: string): Promise<readonly string[]> =>
  (await readLogAt(at)).segments.map(({ segment }) => segment.id);

describe('a log that lies somewhere else', () => {
  it('is a state directory, its events, or the partition that holds it', async () => {
    const directory = await written();
    for (const at of [directory, path.join(directory, 'events'), place]) {
      expect(await ids(at)).toEqual(['one', 'two', 'three']);
    }
  });

  it('is one segment, of which the beginning of the chain is missing', async () => {
    const [, second = ''] = await filesOf(await written());
    const { segments, gaps } = await readLogAt(second);
    expect(segments.map(({ segment }) => segment.id)).toEqual(['two']);
    expect(gaps).toEqual([{ after: 0, before: 5 }]);
  });

  it('is a segment under whatever name somebody gave it', async () => {
    const [first = ''] = await filesOf(await written());
    const renamed = path.join(place, 'from-the-field.jsonl');
    await writeFile(renamed, await readFile(first));
    const [{ segment } = { segment: undefined }] = (await readLogAt(renamed)).segments;
    expect(segment).toMatchObject({ operation: 'upgrade', id: 'one' });
  });

  it('may lack a segment, and says which records', async () => {
    const directory = await written();
    const [, second = ''] = await filesOf(directory);
    await rm(second);
    expect((await readLogAt(directory)).gaps).toEqual([{ after: 4, before: 8 }]);
  });

  it('with one flipped byte is refused with its segment, line and first byte', async () => {
    const directory = await written();
    const [, second = ''] = await filesOf(directory);
    const bytes = await readFile(second);
    const line = bytes.indexOf(0x0a) + 1;
    bytes.writeUInt8(bytes.readUInt8(line + 200) ^ 1, line + 200);
    await writeFile(second, bytes);
    await expect(readLogAt(directory)).rejects.toMatchObject({
      code: 'log-damaged',
      message: `the event log is damaged: segment ${path.basename(second, '.jsonl')}, line 2, from byte ${line}`,
      reason: 'its text does not have the hash it names',
    });
  });

  it('whose segments are of two histories is refused', async () => {
    const directory = await written();
    const [mine = ''] = await filesOf(directory);
    const [other = ''] = await filesOf(await written('other', 1_800_000_000));
    await copyFile(other, mine);
    await expect(readLogAt(directory)).rejects.toMatchObject({
      code: 'log-damaged',
      reason: 'it does not follow record 4, the last one before it',
    });
  });

  it.each([
    ['a directory without segments', async (at: string) => mkdir(at)],
    ['a file of something else', async (at: string) => writeFile(at, 'PNG\n\0\0')],
    ['an empty file', async (at: string) => writeFile(at, '')],
  ])('is not %s', async (_, make) => {
    const at = path.join(place, 'thing');
    await make(at);
    await expect(readLogAt(at)).rejects.toMatchObject({ code: 'no-log', exit: 93 });
  });

  it('is not what is not there, nor what lies behind a link', async () => {
    await expect(readLogAt(path.join(place, 'nothing'))).rejects.toMatchObject({
      code: 'log-unreadable',
      exit: 28,
    });
    const [first = ''] = await filesOf(await written());
    const link = path.join(place, 'link.jsonl');
    await symlink(first, link);
    await expect(readLogAt(link)).rejects.toMatchObject({ code: 'log-unreadable' });
  });
});

describe('a bundle', () => {
  const HEADING = { tool: 'slotwright test', madeAt: '2026-03-01T12:00:00.000Z' };

  async function bundled(hookOutput: 'left out' | 'masked'): Promise<string> {
    const { segments } = await readLogAt(await written(hookOutput));
    return encodeBundle(segments, HEADING, (record) => redact(record, { hookOutput }));
  }

  it('gives back every record that nothing was left out of, and says what was', async () => {
    const { segments } = await readLogAt(await written());
    const kept = encodeBundle(segments, HEADING, (record) => ({ record, parts: [] }));
    const read = decodeBundle(Buffer.from(kept), 'x');
    expect(read).toEqual({ segments, gaps: [], redacted: [] });
    const { redacted } = decodeBundle(Buffer.from(await bundled('left out')), 'x');
    expect(redacted).toEqual([3, 6, 9].map((seq) => ({ seq, parts: ['hook output'] })));
  });

  it('has no secret in it, with the output of hooks and without', async () => {
    expect(await bundled('left out')).not.toContain('hunter2');
    const masked = await bundled('masked');
    expect(masked).not.toContain('hunter2');
    expect(masked).toContain('password=[masked] of one');
  });

  it.each([
    ['a changed byte in a record', (text: string) => text.replace('"partitions"', '"partition5"')],
    [
      'a changed byte where something was left out',
      (text: string) => text.replace('left out: 2', 'left out: 3'),
    ],
    ['a line less', (text: string) => text.split('\n').toSpliced(3, 1).join('\n')],
    ['two lines swapped', swapped],
    ['half of it', (text: string) => text.slice(0, text.length / 2)],
    ['something behind its seal', (text: string) => `${text}more\n`],
  ])('is refused with %s', async (_, change) => {
    const text = change(await bundled('left out'));
    expect(() => decodeBundle(Buffer.from(text), 'x')).toThrow(
      /the bundle is damaged: x, line \d+/,
    );
  });

  it('names the line of a record that was changed', async () => {
    const text = (await bundled('left out')).replace('"partitions"', '"partition5"');
    const line = text.split('\n').findIndex((one) => one.includes('partition5')) + 1;
    expect(() => decodeBundle(Buffer.from(text), 'x')).toThrow(`line ${line}`);
  });

  it('of a later format is refused by its format', () => {
    expect(() => decodeBundle(Buffer.from('{"bundle":2}\n'), 'x')).toThrow('format 2');
  });
});

function swapped(text: string): string {
  const lines = text.split('\n');
  return [...lines.slice(0, 2), lines[3], lines[2], ...lines.slice(4)].join('\n');
}
