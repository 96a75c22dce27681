/** A simulated machine like the one that a log was written on, as far as the log tells: from the inventory in its first record. Pure. */
import type { EventRecord, Inventory, LifecycleEvent } from '../../state/records.ts';
import { JUDGEMENT_MENU } from '../boot/judgement-menu.ts';
import type { UpgradeRequest } from '../../machines/upgrade-request.ts';
import type { Role, Slot } from '../system/port.ts';
import type { NewMachine } from '../system/simulated/new-machine.ts';
import { contentsOf, type SimulatedSource } from '../system/simulated/sources.ts';
import type { SimulatedHook } from '../system/simulated/stages.ts';

/** Where what is installed lies on it. */
export const SOURCE_AT = '/recorded/source';

/** What became active before, where the machine has not been started since. */
export const BEFORE_AT = '/recorded/before';

export function machineOf(
  inventory: Inventory,
  request: Pick<UpgradeRequest, 'source'>,
  records: readonly EventRecord[],
): NewMachine {
  const { slots, partitions, bootedFrom } = inventory;
  const sizes = slots.filter(({ slot }) => slot !== 'recovery').map(({ bytes }) => bytes);
  const imageBytes = Math.max(...sizes, 1);
  const judged = records.some(({ event }) => isJudged(event));
  const counts = judged || inventory.unconfirmed !== undefined;
  const free = partitions.find(({ role }) => role === 'state')?.freeBytes;
  // A simulated image takes half of its size.
  const used = sizes.reduce((sum) => sum + Math.floor(imageBytes / 2), 0);
  return {
    slots: Object.fromEntries(present(inventory).map((slot) => [slot, versionOf(slot)])),
    imageBytes,
    ...(free === undefined ? {} : { stateBytes: free + used }),
    sources: {
      [SOURCE_AT]: sourceOf(request, {
        ...(judged ? JUDGED : {}),
        ...(bringsMenu(records)
          ? { '/etc/cos/grub.cfg': `menuentry one { boot }\n${JUDGEMENT_MENU}` }
          : {}),
      }),
      [BEFORE_AT]: source(
        'active as recorded',
        1,
        inventory.unconfirmed === undefined ? {} : JUDGED,
      ),
    },
    hooks: hooksIn(records),
    files: Object.fromEntries(hookFiles(inventory, records).map((path) => [path, 'stages: {}'])),
    damaged: partitions
      .filter(({ role, fs }) => fs === undefined && isData(role))
      .map(({ role }) => role),
    ...(bringsMenu(records) ? { menu: 'reads grubcustom' } : counts ? { menu: 'counts' } : {}),
    bootVariables: choices(bootedFrom, records),
  };
}

const ENTRY: Readonly<Record<string, string>> = { passive: 'fallback', recovery: 'recovery' };
/** What made the boot loader start this system; where the next boot started another one, it was chosen for once. */
function choices(
  bootedFrom: Inventory['bootedFrom'],
  records: readonly EventRecord[],
): Readonly<Record<string, string>> {
  const boots = records.flatMap(({ event }) => ('inventory' in event ? [event.inventory] : []));
  const later = boots.find(({ bootId }) => bootId !== boots[0]?.bootId)?.bootedFrom;
  const entry = ENTRY[bootedFrom] ?? 'cos';
  return later === undefined || later === bootedFrom || entry === 'cos'
    ? { saved_entry: entry }
    : { saved_entry: ENTRY[later] ?? 'cos', next_entry: entry };
}

const JUDGED = { '/etc/slotwright/confirm': '' };
const isData = (role: Role): boolean => role === 'oem' || role === 'persistent';
const versionOf = (slot: Slot): string => `${slot} as recorded`;

/** The recovery image is seen only where its partition is mounted. */
function present({ slots, partitions }: Inventory): readonly Slot[] {
  const seen = slots.map(({ slot }) => slot);
  const hidden = partitions.some(
    ({ role, mountedAt }) => role === 'recovery' && mountedAt === undefined,
  );
  return hidden && !seen.includes('recovery') ? [...seen, 'recovery'] : seen;
}

function sourceOf(
  { source: { kind, contentBytes, arch, fs } }: Pick<UpgradeRequest, 'source'>,
  more: Readonly<Record<string, string>>,
): SimulatedSource {
  return {
    ...source('as recorded', contentBytes, more),
    kind,
    ...(arch === undefined ? {} : { arch }),
    ...(fs === undefined ? {} : { fs }),
  };
}

function source(
  version: string,
  bytes: number,
  more: Readonly<Record<string, string>> = {},
): SimulatedSource {
  return { kind: 'dir', contents: contentsOf(version, more), bytes };
}

/** The running system is not the active one: an upgrade has happened since it was started. */
export function isPending({ running, slots, bootedFrom }: Inventory): boolean {
  const active = slots.find(({ slot }) => slot === 'active');
  return bootedFrom === 'active' && running !== undefined && active?.id !== running;
}

function isJudged(event: LifecycleEvent): boolean {
  if (event.type !== 'step.completed' || event.step !== 'arm-judgement') return false;
  const { output } = event;
  return (
    typeof output === 'object' &&
    output !== null &&
    'judge' in output &&
    output.judge === 'slotwright'
  );
}

function bringsMenu(records: readonly EventRecord[]): boolean {
  return records.some(
    ({ event }) =>
      event.type === 'step.completed' && event.step === 'set-menu' && event.how === 'ran',
  );
}

function hookFiles({ hooks }: Inventory, records: readonly EventRecord[]): readonly string[] {
  const ran = hooksIn(records).map(({ source }) => source);
  const files = [...hooks.map(({ path }) => path), ...ran];
  return [...new Set(files)].filter((path) => /^\/(oem|usr\/local)\/.+/.test(path));
}

/** Hooks by what the last whole run of their step did. */
function hooksIn(records: readonly EventRecord[]): readonly SimulatedHook[] {
  const runs = new Map<string, SimulatedHook[]>();
  let step = '';
  for (const { event } of records) {
    if (event.type === 'step.started') {
      step = event.step;
      runs.set(step, []);
    }
    const run = runs.get(step) ?? [];
    if (event.type === 'hook.started') {
      const { stage, source, step: name } = event;
      run.push({ stage, source, step: name, outputs: [] });
    }
    const last = run.at(-1);
    if (last === undefined) continue;
    if (event.type === 'hook.output') {
      run[run.length - 1] = { ...last, outputs: [...(last.outputs ?? []), event.text] };
    }
    if (event.type === 'hook.failed') run[run.length - 1] = { ...last, fails: event.error };
  }
  return [...runs.values()].flat();
}
