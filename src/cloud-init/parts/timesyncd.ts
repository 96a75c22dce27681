import { bytesToText, textToBytes } from '../byte-text.ts';
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
    const old = bytesToText((await files.read(path)) ?? Buffer.alloc(0));
    const sections = sectionsOf(old.split('\n').filter((line) => line.trim() !== ''));
    for (const { key, value, at } of step.timesyncd ?? []) {
      await context.attempt(at, async () => {
        if (!/^\w+$/.test(key) || /[\r\n]/.test(value)) {
          throw new EntryError(`\`${key}\` and its value must be of one line`);
        }
        setKey(sections, key, value);
      });
    }
    await makeParents(files, path, { mode: 0o755, uid: 0, gid: 0 });
    const bytes = textToBytes(printed(sections));
    await files.write({ path, bytes, mode: 0o644, uid: 0, gid: 0 });
  },
};

/** The comments above a header, the header, and what follows it; the first section has no header. */
type Section = string[];

function sectionsOf(lines: readonly string[]): Section[] {
  const sections: Section[] = [[]];
  for (const line of lines) {
    const section = sections.at(-1) ?? [];
    if (isHeader(line)) {
      const own = section.findLastIndex((earlier) => !/^\s*[#;]/.test(earlier)) + 1;
      sections.push([...section.splice(own), line]);
    } else {
      section.push(line);
    }
  }
  return sections;
}

function setKey(sections: Section[], key: string, value: string): void {
  const found = sections.find((section) => section.some((line) => line.trim() === '[Time]'));
  const section = found ?? ['[Time]'];
  if (found === undefined) {
    sections.push(section);
  }
  const place = section.findIndex((line) => line.split('=')[0]?.trim() === key);
  section.splice(place === -1 ? section.length : place, place === -1 ? 0 : 1, `${key} = ${value}`);
}

/**
 * As the reference writes the file: the equal signs of a section in one column, a blank after the sign of a comment, and a
 * blank line between sections.
 */
function printed(sections: readonly Section[]): string {
  const pair = /^\s*(\w+)\s*=\s*(.*)$/;
  return sections
    .filter((section) => section.length > 0)
    .map((section) => {
      const width = Math.max(0, ...section.map((line) => pair.exec(line)?.[1]?.length ?? 0));
      const lines = section.map((line) =>
        line
          .replace(pair, (_all, key: string, value: string) => `${key.padEnd(width)} = ${value}`)
          .replace(/^\s*([#;])\s*(.*?)\s*$/, '$1 $2'),
      );
      return lines.map((line) => `${line}\n`).join('');
    })
    .join('\n');
}

function isHeader(line: string): boolean {
  return line.trim().startsWith('[');
}
