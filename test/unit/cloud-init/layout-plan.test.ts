import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LayoutRefusal } from '../../../src/cloud-init/parts/layout-addition.ts';
import type { LabelledDevice } from '../../../src/cloud-init/parts/layout-device.ts';
import type { LayoutPlan, PlanningFacts } from '../../../src/cloud-init/parts/layout-plan.ts';
import { planLayout, unfinishedType } from '../../../src/cloud-init/parts/layout-plan.ts';
import type { PartitionTable, TablePartition } from '../../../src/cloud-init/parts/layout-table.ts';
import type { Step } from '../../../src/cloud-init/step.ts';
import { readDocument } from '../../../src/cloud-init/document.ts';

type Layout = NonNullable<Step['layout']>;

const linux = '0FC63DAF-8483-4772-8E79-3D69D8477DE4';

function layoutOf(wanted: Readonly<Record<string, unknown>>): Layout {
  const text = JSON.stringify({ stages: { s: [{ layout: wanted }] } });
  const { steps, errors } = readDocument(text, { stage: 's', notation: 'yaml' });
  const layout = steps[0]?.layout;
  if (layout === undefined || errors.length > 0) {
    throw new Error(`no layout in ${text}`);
  }
  return layout;
}

/** Partitions by their place and size in MiB, on a disk with sectors of 512 bytes. */
function factsOf(
  mebibytes: number,
  places: readonly (Partial<TablePartition> & { readonly from: number; readonly mib: number })[],
  more: {
    readonly kind?: PartitionTable['kind'];
    readonly devices?: readonly LabelledDevice[];
    readonly partition?: string;
    readonly most?: number;
  } = {},
): PlanningFacts {
  const { kind = 'gpt', devices = [], partition, most = kind === 'gpt' ? 128 : 4 } = more;
  const partitions = places.map(({ from, mib, ...rest }, index) => ({
    number: index + 1,
    node: `/dev/x${String(index + 1)}`,
    start: from * 2048,
    size: mib * 2048,
    type: linux,
    name: '',
    ...rest,
  }));
  return {
    disk: {
      node: '/dev/x',
      bytes: mebibytes * 1024 * 1024,
      sectorBytes: 512,
      ...(partition === undefined ? {} : { partition }),
    },
    table: {
      kind,
      sectorBytes: 512,
      firstSector: kind === 'gpt' ? 34 : 0,
      most,
      state: 'sound',
      partitions,
    },
    devices,
  };
}

const device = (node: string, label: string): LabelledDevice => ({
  node,
  label,
  type: 'ext4',
  partitionName: '',
});

const inMib = ({ additions, growth }: LayoutPlan) => ({
  added: additions.map(({ number, start, size, state }) => [
    number,
    start / 2048,
    size / 2048,
    state,
  ]),
  ...(growth === undefined ? {} : { grown: growth.size / 2048 }),
});

/** The facts after a plan was carried out. */
function carriedOut(plan: LayoutPlan, facts: PlanningFacts): PlanningFacts {
  const kept = facts.table.partitions
    .filter(({ number }) => plan.additions.every((added) => added.number !== number))
    .map((partition) =>
      partition === plan.growth?.partition ? { ...partition, size: plan.growth.size } : partition,
    );
  const added = plan.additions.map(({ entry, kind, number, start, size }) => ({
    number,
    node: `/dev/x${String(number)}`,
    start,
    size,
    type: kind.gptType,
    name: entry.pLabel ?? '',
  }));
  const labels = plan.additions.flatMap(({ entry: { fsLabel = '' }, number }) =>
    fsLabel === '' ? [] : [device(`/dev/x${String(number)}`, fsLabel)],
  );
  return {
    ...facts,
    table: {
      ...facts.table,
      partitions: [...kept, ...added].sort((left, right) => left.start - right.start),
    },
    devices: [...facts.devices, ...labels],
  };
}

describe('the plan of a layout', () => {
  const two = [
    { from: 1, mib: 20 },
    { from: 21, mib: 30 },
  ];
  const plan = (wanted: Readonly<Record<string, unknown>>, facts = factsOf(100, two)) =>
    inMib(planLayout(layoutOf(wanted), facts));

  it('gives all the room to the last partition, short of the backup of the table', () => {
    expect(plan({ expand_partition: { size: 0 } })).toEqual({ added: [], grown: 78 });
    const dos = factsOf(100, two, { kind: 'dos' });
    expect(plan({ expand_partition: { size: 0 } }, dos)).toEqual({ added: [], grown: 79 });
  });

  it('puts additions behind what the last partition is to have', () => {
    const additions = [{ fsLabel: 'A', size: 10 }, { fsLabel: 'B' }];
    expect(plan({ expand_partition: { size: 40 }, add_partitions: additions })).toEqual({
      added: [
        [3, 61, 10, 'new'],
        [4, 71, 28, 'new'],
      ],
      grown: 40,
    });
  });

  it('leaves holes between partitions alone, and their numbers', () => {
    const holes = [
      { from: 1, mib: 5, number: 1 },
      { from: 40, mib: 5, number: 7, node: '/dev/x7' },
    ];
    expect(plan({ add_partitions: [{ fsLabel: 'A', size: 5 }] }, factsOf(100, holes))).toEqual({
      added: [[8, 45, 5, 'new']],
    });
  });

  it('finishes what an interrupted run has left, and adds what is still missing', () => {
    const left = [...two, { from: 51, mib: 10, type: unfinishedType.gpt.toLowerCase(), name: 'a' }];
    const additions = [
      { fsLabel: 'A', pLabel: 'a', size: 10 },
      { fsLabel: 'B', size: 10 },
    ];
    const facts = factsOf(100, left, { devices: [device('/dev/x3', 'A')] });
    expect(plan({ expand_partition: { size: 30 }, add_partitions: additions }, facts)).toEqual({
      added: [
        [3, 51, 10, 'unfinished'],
        [4, 61, 10, 'new'],
      ],
      grown: 30,
    });
  });

  it.each([
    ['no room for a size', { expand_partition: { size: 90 } }, /room for 78 MiB/],
    ['no room behind', { add_partitions: [{ fsLabel: 'A', size: 60 }] }, /48 MiB are free/],
    ['two of a label', { add_partitions: [{ fsLabel: 'A' }, { fsLabel: 'A' }] }, /given twice/],
    ['no label', { add_partitions: [{ size: 5 }] }, /needs `fsLabel` or `pLabel`/],
    ['no partition label', { add_partitions: [{ filesystem: '-', size: 5 }] }, /needs `pLabel`/],
    ['a long label', { add_partitions: [{ fsLabel: 'a'.repeat(17) }] }, /longer than the 16/],
    [
      'a long label of xfs',
      { add_partitions: [{ fsLabel: 'a'.repeat(13), filesystem: 'xfs' }] },
      /longer than the 12 bytes of xfs/,
    ],
    ['a quote', { add_partitions: [{ pLabel: 'a"b', size: 5 }] }, /no label/],
    [
      'a label that FAT reads back as none',
      { add_partitions: [{ fsLabel: 'NO NAME', filesystem: 'vfat' }] },
      /means none on vfat/,
    ],
    ['a file system', { add_partitions: [{ fsLabel: 'A', filesystem: 'zfs' }] }, /not known/],
  ])('is refused, with the place, for %s', (_, wanted, message) => {
    expect(() => plan(wanted)).toThrow(LayoutRefusal);
    expect(() => plan(wanted)).toThrow(message);
  });

  it.each([
    [
      'the partition that is named is not the last',
      factsOf(100, two, { partition: '/dev/x1' }),
      /is the last/,
    ],
    ['there is none', factsOf(100, []), /no partition that could grow/],
    [
      'the last was left by an interrupted run',
      factsOf(100, [...two, { from: 51, mib: 5, type: unfinishedType.gpt }]),
      /sfdisk --delete \/dev\/x 3/,
    ],
    [
      'there is an extended one',
      factsOf(100, [{ from: 1, mib: 50, type: '5' }], { kind: 'dos' }),
      /extended/,
    ],
  ])('grows nothing when %s', (_, facts, message) => {
    expect(() => plan({ expand_partition: { size: 0 } }, facts)).toThrow(message);
  });

  it('is refused when the table, which may be shorter than usual, holds no more', () => {
    const wanted = { add_partitions: [{ fsLabel: 'A', size: 5 }] };
    expect(() => plan(wanted, factsOf(100, two, { most: 2 }))).toThrow(/full: it holds 2/);
    expect(plan(wanted, factsOf(100, two, { most: 3 })).added).toEqual([[3, 51, 5, 'new']]);
  });

  it('leaves the room that the second copy of a longer table takes', () => {
    const most = 16 * 1024;
    const { added } = plan({ add_partitions: [{ fsLabel: 'A' }] }, factsOf(100, two, { most }));
    expect(added).toEqual([[3, 51, 46, 'new']]);
  });

  it('is refused when something was left that it does not ask for', () => {
    const facts = factsOf(100, [...two, { from: 51, mib: 5, type: unfinishedType.gpt, name: 'x' }]);
    expect(() => plan({ add_partitions: [{ fsLabel: 'A', pLabel: 'a', size: 5 }] }, facts)).toThrow(
      /was left by an interrupted layout that this one does not ask for/,
    );
  });

  it('never touches what is there, and asks for nothing once it was carried out', () => {
    const size = fc.integer({ min: 0, max: 40 });
    const partitions = fc
      .array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 40 })), {
        maxLength: 5,
      })
      .map((gaps) => {
        let at = 1;
        return gaps.map(([gap, mib]) => {
          const from = at + gap;
          at = from + mib;
          return { from, mib };
        });
      });
    const additions = fc.uniqueArray(
      fc.record({
        fsLabel: fc.constantFrom('', 'A', 'B', 'C'),
        pLabel: fc.constantFrom('', 'a', 'b', 'c'),
        size,
      }),
      { maxLength: 4 },
    );
    const wanted = fc.record(
      { expand_partition: fc.record({ size }), add_partitions: additions },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 400 }), partitions, wanted, (mib, places, given) => {
        const layout = layoutOf(given);
        const facts = factsOf(mib, places);
        let made: LayoutPlan;
        try {
          made = planLayout(layout, facts);
        } catch (error) {
          expect(error).toBeInstanceOf(LayoutRefusal);
          return;
        }
        const after = carriedOut(made, facts);
        let end = 2048;
        for (const { start, size: sectors } of after.table.partitions) {
          expect(start).toBeGreaterThanOrEqual(end);
          end = start + sectors;
        }
        if (made.growth !== undefined || made.additions.length > 0) {
          const [grown] = [made.growth?.size ?? 0];
          const written = made.additions.length > 0 || grown > (made.growth?.partition.size ?? 0);
          expect(written ? end : 0).toBeLessThanOrEqual(mib * 2048 - 33);
        }
        for (const old of facts.table.partitions) {
          const now = after.table.partitions.find(({ number }) => number === old.number);
          expect(now?.start).toBe(old.start);
          expect(now?.size).toBeGreaterThanOrEqual(old.size);
        }
        const again = planLayout(layout, after);
        expect(again.additions).toEqual([]);
        expect(again.growth?.size).toBe(again.growth?.partition.size);
      }),
    );
  });
});
