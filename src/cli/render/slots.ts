/** Slots in aligned lines; the running one is marked. */
import { shortDigest } from '../../inspect/short-digest.ts';
import type { SlotView } from '../../inspect/slot-view.ts';
import { bytes } from './quantity.ts';
import { table } from './table.ts';

export function slotTable(slots: readonly SlotView[]): string {
  return table(slots.map(row), '  ');
}

function row(slot: SlotView): string[] {
  if (slot.presence === 'missing') return [slot.slot, 'missing'];
  return [
    slot.slot,
    slot.presence === 'not-seen' ? 'not mounted' : slot.state,
    BOOTS[slot.boots],
    slot.bytes === undefined ? '-' : bytes(slot.bytes),
    slot.digest === undefined ? '-' : shortDigest(slot.digest),
    [slot.source ?? '', slot.running ? '(running)' : ''].filter((part) => part !== '').join(' '),
  ];
}

const BOOTS: Readonly<Record<SlotView['boots'], string>> = {
  default: 'boots next',
  fallback: 'fallback',
  'on-request': 'on request',
  never: 'never',
};
