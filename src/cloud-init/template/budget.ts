import { TemplateError } from './template-error.ts';
import type { Value } from './values.ts';
import { List, Mapping } from './values.ts';

/** Letters, list items and steps that one text may cost: no hook needs as many, a mistake needs more at once. */
const most = 10_000_000;
const deepest = 200;

/** Keeps a template from running without an end: everything that it does is paid for. */
export class Budget {
  private left = most;

  /** Pays for work; throws a {@link TemplateError} when nothing is left. */
  spend(amount: number): void {
    this.left -= amount;
    if (this.left < 0) {
      throw new TemplateError('it does not come to an end, or makes too much of a text');
    }
  }

  /** Pays for looking at all of a value. Rings are endless, and so refused. */
  spendOn(value: Value, depth = 0): void {
    if (typeof value === 'string') {
      this.spend(1 + value.length / 4);
      return;
    }
    this.spend(1);
    if (!(value instanceof List) && !(value instanceof Mapping)) {
      return;
    }
    if (depth > deepest) {
      throw new TemplateError(`a value is nested more than ${deepest} levels deep`);
    }
    const items = value instanceof List ? value.items : value.entries.values();
    for (const item of items) {
      this.spendOn(item, depth + 1);
    }
  }
}

/** A number of letters that a function is about to make; throws when it is too large. */
export function affordable(letters: number): number {
  if (letters > 1_000_000) {
    throw new TemplateError(`${String(letters)} letters are too many`);
  }
  return letters;
}

/** A number of items that a function is about to make; throws when it is too large. */
export function countable(items: number): number {
  if (items > 100_000) {
    throw new TemplateError(`${String(items)} items are too many`);
  }
  return items;
}

/** Texts of which one is about to be searched for in the other: with both long that may take for ever. */
export function searchable(part: string, text: string): void {
  affordable((part.length * text.length) / 1000);
}
