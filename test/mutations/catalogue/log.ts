/** Faults in what is remembered. */
import type { Mutant } from '../mutant.ts';
import { powerless, unit } from './sightings.ts';

export const LOG: readonly Mutant[] = [
  {
    name: 'torn-record-accepted',
    fault: 'a record without its newline is taken for whole',
    law: 7,
    file: 'state/segment.ts',
    text: `if (fault !== undefined || decoded.kind === 'broken' || newline === -1) {`,
    becomes: `if (fault !== undefined || decoded.kind === 'broken') {`,
    foundBy: [{ ...unit('state/chain', 'every truncation'), says: /^expected/ }],
  },
  {
    name: 'tail-not-cut',
    fault: 'the next process appends behind a torn record',
    law: 7,
    file: 'state/jsonl-store.ts',
    text: '      await this.#renewLast();\n',
    becomes: '',
    foundBy: [{ ...unit('state/jsonl-store', 'a torn tail'), says: /the event log is damaged/ }],
  },
  {
    name: 'nothing-reserved',
    fault: 'whatever fills the disk takes the room in which the undo is to be recorded',
    law: 4,
    file: 'state/file-ops.ts',
    text: `    await allocate(handle.fd, from, bytes, 'stays');\n`,
    becomes: '',
    foundBy: [
      { ...unit('state/jsonl-store', 'that others fill has room'), says: /nothing more fits/ },
    ],
  },
  {
    name: 'hash-not-checked',
    fault: 'a record whose text was changed is believed',
    law: 7,
    file: 'state/record.ts',
    text: 'if (sha256(text) !== seal)',
    becomes: `if (seal === '')`,
    foundBy: [{ ...unit('state/chain', 'every byte of segment'), says: /^expected .* to be/ }],
  },
  {
    name: 'chain-not-verified',
    fault: 'segments that do not follow each other are read as one history',
    law: 7,
    file: 'state/chain.ts',
    text: 'if (!follows) throw damagedLog',
    becomes: 'if (!follows && index < 0) throw damagedLog',
    foundBy: [
      {
        ...unit('state/chain', 'another history'),
        says: /to match object \{ code: 'log-damaged' \}/,
      },
    ],
  },
  {
    name: 'anchor-ignored',
    fault: 'acknowledged records may vanish from the end of the log',
    law: 4,
    file: 'state/chain.ts',
    text: 'if (lost !== undefined) throw lost;',
    becomes: '',
    foundBy: [
      { ...unit('state/chain', 'acknowledged'), says: /to be an instance of SlotwrightError/ },
    ],
  },
  {
    name: 'registry-believed',
    fault: 'the registry is believed although the log went on without it',
    law: 4,
    file: 'state/registry.ts',
    text: 'return held?.head === store.head() ? held :',
    becomes: 'return held !== null ? held :',
    foundBy: [
      {
        ...unit('state/registry', 'registry.json that is behind the log'),
        says: /^expected \d+ to be \d+/,
      },
    ],
  },
  {
    name: 'debt-pruned',
    fault: 'segments of an unfinished operation are pruned',
    law: 4,
    file: 'state/prune.ts',
    text: '    if (owes(files, file.id)) break;\n',
    becomes: '',
    foundBy: [
      { ...unit('state/prune', 'stops at an unfinished operation'), says: /to deeply equal/ },
    ],
  },
  {
    name: 'record-not-synced',
    fault: 'a record is acknowledged while it is only in memory',
    law: 4,
    file: 'state/log-writer.ts',
    text: '      await ops.datasync(handle);\n    });\n  }\n\n  /**\n   * Writes a whole segment',
    becomes: '    });\n  }\n\n  /**\n   * Writes a whole segment',
    foundBy: [
      { ...powerless('durability', 'there is .a record of a log'), says: /to deeply equal \[/ },
    ],
  },
  {
    name: 'directory-not-synced',
    fault: 'a new name is acknowledged while its directory is only in memory',
    law: 4,
    file: 'state/durable-file.ts',
    text: `    throw error;
  }
  await syncDirectory(directory);
}`,
    becomes: `    throw error;
  }
}`,
    foundBy: [
      {
        ...powerless('durability', 'there is .a new file'),
        says: /^expected undefined to deeply equal/,
      },
    ],
  },
  {
    name: 'file-not-synced',
    fault: 'a file gets its name before its text is on the disk',
    law: 4,
    file: 'state/durable-file.ts',
    text: `      await handle.chmod(mode);
      await handle.sync();`,
    becomes: '      await handle.chmod(mode);',
    foundBy: [
      { ...powerless('durability', 'there is .a new file'), says: /^expected .* to deeply equal/ },
    ],
  },
];
