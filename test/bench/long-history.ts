/** A history of 100,000 records over 300 operations, in a state directory as a device keeps it: one upgrade, recorded again and again. */
import { mkdir, writeFile } from 'node:fs/promises';
import { FULL_VERSION } from '../../src/cli/version.ts';
import { conclude } from '../../src/inspect/log-reading.ts';
import { createClock } from '../../src/system/linux/clock.ts';
import { machine, sourceOf } from '../../src/testing/index.ts';
import { openJsonlStore } from '../../state/jsonl-store.ts';
import { eventsDirectory, segmentPath } from '../../state/log-directory.ts';
import { CHAIN_START, encodeRecord, type Link } from '../../state/record.ts';
import { saveIndex } from '../../state/segment-index.ts';
import { segmentName } from '../../state/segment.ts';

const OPERATIONS = 300;
/** Lines that the hook of each upgrade prints: with them an upgrade has about 333 records. */
const LINES = 289;

export async function longHistory(directory: string): Promise<{ readonly records: number }> {
  await mkdir(eventsDirectory(directory), { recursive: true });
  const template = await oneUpgrade();
  let place: Link = CHAIN_START;
  for (let number = 1; number <= OPERATIONS; number += 1) {
    const op = `bench${String(number).padStart(4, '0')}`;
    const lines = template.map((record) => {
      const sealed = encodeRecord({ ...record, op, seq: place.seq + 1, prev: place.hash });
      place = { seq: sealed.record.seq, hash: sealed.record.hash };
      return `${sealed.line}\n`;
    });
    const { segment } = segmentName(number, 'upgrade', op);
    await writeFile(segmentPath(directory, segment), lines.join(''));
  }
  const store = await openJsonlStore({ directory, clock: createClock(), access: 'read' });
  await saveIndex(directory, { by: FULL_VERSION, conclude }, store);
  return { records: place.seq };
}

async function oneUpgrade() {
  const line = (index: number) => `(${index}/${LINES}) installing package-${index} ... done\n`;
  const one = machine({
    sources: { '/a': sourceOf('a') },
    files: { '/oem/install.yaml': 'stages: {}' },
    hooks: [
      {
        stage: 'after-upgrade-chroot',
        source: '/oem/install.yaml',
        step: 'install packages',
        outputs: Array.from({ length: LINES }, (_, index) => line(index + 1)),
      },
    ],
  });
  await one.upgrade('/a');
  const [operation] = (await one.log()).operations;
  return operation?.records ?? [];
}
