import { describe, expect, it } from 'vitest';
import type { LoggedRequest } from '../../../src/proof/blocks/write-log.ts';
import { dangerousMoments } from '../../vm/upgrade-log.ts';

const BLOCK = 4096;
const JOURNAL = 10 * BLOCK;
const DIRECTORY = 20 * BLOCK;
const OTHER = 30 * BLOCK;
const partition = { journal: new Set([JOURNAL]), images: new Set([DIRECTORY]) };

const FLUSH: LoggedRequest = { kind: 'flush' };
const write = (offset: number, data: Buffer = Buffer.alloc(BLOCK)): LoggedRequest => ({
  kind: 'write',
  offset,
  data,
});
const says = (type: string, step: string): LoggedRequest =>
  write(OTHER, Buffer.from(`{"type":"${type}","step":"${step}"}`));

function commit(): LoggedRequest {
  const block = Buffer.alloc(BLOCK);
  block.writeUInt32BE(0xc03b3998, 0);
  block.writeUInt32BE(2, 4);
  return write(JOURNAL, block);
}

const environment = write(OTHER, Buffer.from('# GRUB Environment Block\n'));
const replaced = [commit(), FLUSH, write(OTHER), write(DIRECTORY), write(OTHER), FLUSH];

function log(): readonly LoggedRequest[] {
  const around = (step: string, work: readonly LoggedRequest[]): readonly LoggedRequest[] => [
    ...[says('step.started', step), FLUSH, ...work, says('step.completed', step), FLUSH],
  ];
  return [
    ...around('arm-judgement', [environment, FLUSH]),
    ...around('set-active', replaced),
    ...around('set-passive', replaced),
    ...around('publish-state', [write(OTHER), environment, FLUSH]),
  ];
}

describe('the dangerous moments of an upgrade', () => {
  it('are told in the order in which they come', () => {
    expect(dangerousMoments(log(), partition).map(({ title }) => title)).toEqual([
      'arm-judgement: before the write of the judgement block',
      'arm-judgement: the judgement block alone',
      'set-active, checkpoint 1: committed, not begun',
      'set-active, checkpoint 1: the directory alone',
      'set-active, checkpoint 1: all but the directory',
      'set-passive, checkpoint 1: committed, not begun',
      'set-passive, checkpoint 1: the directory alone',
      'set-passive, checkpoint 1: all but the directory',
      'publish-state: before the write of the GRUB environment',
      'publish-state: the GRUB environment alone',
    ]);
  });

  it('are a rename in the journal alone, its directory alone, and the rest of its checkpoint alone', () => {
    const requests = log();
    const from = requests.indexOf(replaced[0] ?? FLUSH);
    const states = dangerousMoments(requests, partition).slice(2, 5);
    expect(states.map(({ durable, made }) => ({ durable: durable - from, made }))).toEqual([
      { durable: 1, made: [] },
      { durable: 2, made: [from + 3] },
      { durable: 2, made: [from + 2, from + 4] },
    ]);
  });

  it('are not found in a log of something else', () => {
    expect(() => dangerousMoments([FLUSH], partition)).toThrow('nobody wrote');
  });
});
