import { printValue } from './printing.ts';
import { TemplateError } from './template-error.ts';

/** An argument as text: numbers and booleans print, an absent one is empty. */
export function asText(value: unknown): string {
  return value === undefined || value === null ? '' : printValue(value);
}

/** An argument as number; texts that look like one are read. */
export function asNumber(value: unknown): number {
  if (typeof value === 'number') {
    return value;
  }
  if (typeof value === 'boolean') {
    return value ? 1 : 0;
  }
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : 0;
  return Number.isNaN(number) ? 0 : number;
}

/** An argument as list; an absent one is empty. */
export function asList(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) {
    return [];
  }
  if (!Array.isArray(value)) {
    throw new TemplateError(`a list is wanted, not \`${printValue(value)}\``);
  }
  return value;
}

/** An argument as mapping; an absent one is empty. */
export function asMapping(value: unknown): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) {
    return {};
  }
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new TemplateError(`a mapping is wanted, not \`${printValue(value)}\``);
  }
  return value as Readonly<Record<string, unknown>>;
}

/** Go templates take an absent value, zero, and anything empty for false. */
export function isTrue(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) {
    return false;
  }
  if (Array.isArray(value)) {
    return value.length > 0;
  }
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
