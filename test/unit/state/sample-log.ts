/** A clock that counts, scratch directories, and events to write with them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../../src/system/port.ts';
import type { Inventory, LifecycleEvent } from '../../../state/records.ts';

/** One second and 1000 monotonic milliseconds a reading. */
export function countingClock(): Clock {
  let reading = 0;
  return {
    now: () => new Date(Date.UTC(2026, 0, 1) + ++reading * 1000).toISOString(),
    monotonic: () => reading * 1000,
  };
}

/** A directory that goes away with the test. */
export async function scratch(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'slotwright-state-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export function inventory(changes: Partial<Inventory> = {}): Inventory {
  return {
    bootId: 'boot-1',
    bootedFrom: 'active',
    commandLine: 'root=LABEL=COS_ACTIVE',
    partitions: [],
    slots: [],
    environment: {},
    hooks: [],
    ...changes,
  };
}

export function started(operation: string, seen: Partial<Inventory> = {}): LifecycleEvent {
  return {
    type: 'operation.started',
    operation,
    plan: { operation, version: 1, steps: [] },
    request: null,
    key: `key-of-${operation}`,
    tool: '0.1.0',
    inventory: inventory(seen),
    stateWas: 'ro',
  };
}

export function completed(seen: Partial<Inventory> = {}): LifecycleEvent {
  return {
    type: 'operation.completed',
    outcome: 'completed',
    reported: [],
    inventory: inventory(seen),
  };
}

/** A small event, told apart by its reason. */
export function interrupted(reason: string): LifecycleEvent {
  return { type: 'operation.interrupted', reason };
}
