import { makeParents } from './parents.ts';
import type { Part } from './part.ts';
import { EntryError } from './entry-error.ts';

const path = '/etc/systemd/timesyncd.conf.d/10-yip.conf';

/** Sets keys of the section `[Time]`; other keys and comments of the file stay. */
export const timesyncd: Part = {
  name: 'timesyncd',
  isAskedFor: (step) => (step.timesyncd ?? []).length > 0,
  async run(step, context) {
    const { files } = context.target;
    const old = Buffer.from((await files.read(path)) ?? []).toString('utf8');
    let lines = old.split('\n').filter((line) => line.trim() !== '');
    for (const { key, value, at } of step.timesyncd ?? []) {
      await context.attempt(at, async () => {
        if (!/^\w+$/.test(key) || /[\r\n]/.test(value)) {
          throw new EntryError(`\`${key}\` and its value must be of one line`);
        }
        lines = withKey(lines, key, value);
      });
    }
    await makeParents(files, path, { mode: 0o755, uid: 0, gid: 0 });
    const bytes = Buffer.from(
      aligned(lines)
        .map((line) => `${line}\n`)
        .join(''),
    );
    await files.write({ path, bytes, mode: 0o644, uid: 0, gid: 0 });
  },
};

function withKey(lines: readonly string[], key: string, value: string): string[] {
  const start = lines.findIndex((line) => line.trim() === '[Time]');
  if (start === -1) {
    return [...lines, '[Time]', `${key} = ${value}`];
  }
  const next = lines.findIndex((line, index) => index > start && line.trim().startsWith('['));
  const end = next === -1 ? lines.length : next;
  const place = lines.findIndex(
    (line, index) => index > start && index < end && line.split('=')[0]?.trim() === key,
  );
  return place === -1
    ? [...lines.slice(0, end), `${key} = ${value}`, ...lines.slice(end)]
    : lines.map((line, index) => (index === place ? `${key} = ${value}` : line));
}

/** The equal signs of a section in one column, as the reference writes the file. */
function aligned(lines: readonly string[]): readonly string[] {
  const pair = /^(\w+)\s*=\s*(.*)$/;
  const sections: string[][] = [[]];
  for (const line of lines) {
    if (line.trim().startsWith('[')) {
      sections.push([]);
    }
    sections.at(-1)?.push(line);
  }
  return sections.flatMap((section) => {
    const width = Math.max(0, ...section.map((line) => pair.exec(line)?.[1]?.length ?? 0));
    return section.map((line) =>
      line.replace(pair, (_all, key: string, value: string) => `${key.padEnd(width)} = ${value}`),
    );
  });
}
