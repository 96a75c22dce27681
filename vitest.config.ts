import { defineConfig } from 'vitest/config';

/** Files that mount, boot or signal: one at a time, because a mount namespace made by one pins the mounts of another. */
const MACHINE = [
  'test/boot/**/*.test.ts',
  'test/cloud-init/**/*.test.ts',
  'test/contract/**/*.test.ts',
  'test/crash/{once,process,races,refused,signals}.test.ts',
  'test/field/**/*.test.ts',
  'test/power/**/*.test.ts',
  'test/unit/media/build-disk.test.ts',
  'test/unit/vm/disk-files.test.ts',
  'test/unit/sandbox/**/*.test.ts',
  'test/unit/state/lock.test.ts',
  'test/cli/namespace.test.ts',
  'test/vectors/**/*.test.ts',
];

const common = { testTimeout: 60_000, hookTimeout: 180_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: 'pure',
          include: ['test/**/*.test.ts'],
          exclude: MACHINE,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...common,
          name: 'machine',
          include: MACHINE,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
