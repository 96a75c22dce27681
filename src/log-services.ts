/** What commands ask about the log: that of this machine, or one that lies somewhere else. */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { encodeBundle } from '../state/bundle.ts';
import { followLog } from '../state/follow-log.ts';
import { saveNew } from '../state/save-new.ts';
import { readLogAt } from '../state/source-log.ts';
import { STATE_DIRECTORY } from '../state/state-directory.ts';
import type { Services } from './cli/services.ts';
import type { Machinery } from './engine/machinery.ts';
import { openForReading, readRecords } from './engine/session.ts';
import { readingOf } from './inspect/log-reading.ts';
import { redact } from './inspect/redact.ts';

/** How often a log that is followed is looked at. */
const LOOK_MS = 500;

export function logServices({
  system,
  state,
  tool,
}: Pick<Machinery, 'system' | 'state' | 'tool'>): Pick<Services, 'log' | 'follow' | 'saveBundle'> {
  return {
    async log(from) {
      if (from !== undefined) return readingOf(await readLogAt(from));
      return readingOf({ segments: await readRecords(system, state), gaps: [], redacted: [] });
    },

    async *follow(from, after, signal) {
      const wait = async (): Promise<boolean> => {
        await setTimeout(LOOK_MS, undefined, { signal }).catch(() => undefined);
        return !signal.aborted;
      };
      if (from !== undefined) {
        yield* followLog(from, after, wait);
        return;
      }
      // Keeps COS_STATE mounted where nothing else does.
      const session = await openForReading(system, state);
      try {
        yield* followLog(join(session.device.stateAt, STATE_DIRECTORY), after, wait);
      } finally {
        await session.close();
      }
    },

    saveBundle: (file, { segments, madeAt, ...discretion }) =>
      saveNew(
        file,
        encodeBundle(
          segments.map(({ records, ...segment }) => ({ segment, records })),
          { tool, madeAt },
          (record) => redact(record, discretion),
        ),
      ),
  };
}
