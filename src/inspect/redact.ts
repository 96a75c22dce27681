/**
 * What of a record may leave the machine. Secrets are looked for by their form, which finds what is known and not what is clever: so what
 * hooks print, where passwords end up, is left out whole unless it was asked for. Pure.
 */
import type { EventRecord, JsonValue } from '../../state/records.ts';
import type { Redacted } from '../../state/bundle.ts';

export interface Discretion {
  /** What hooks printed. */
  readonly hookOutput: 'left out' | 'masked';
}

/** The record with its secrets masked; `parts` says where. */
export function redact(record: EventRecord, { hookOutput }: Discretion): Redacted {
  const parts = new Set<string>();
  const { event } = record;
  const shown =
    event.type === 'hook.output' && hookOutput === 'left out' && event.text !== ''
      ? { ...event, text: `[left out: ${event.text.length} characters]` }
      : event;
  if (shown !== event) parts.add('hook output');
  const plain = JSON.parse(JSON.stringify(shown)) as JsonValue;
  const masked = maskedValue(plain, 'event', (path) => parts.add(path));
  if (parts.size === 0) return { record, parts: [] };
  // The same shape with other texts in it.
  return { record: { ...record, event: masked as unknown as typeof event }, parts: [...parts] };
}

function maskedValue(value: JsonValue, path: string, note: (path: string) => void): JsonValue {
  if (typeof value === 'string') {
    const text = maskedText(value);
    if (text !== value) note(path);
    return text;
  }
  if (Array.isArray(value)) {
    return value.map((one: JsonValue, index) => maskedValue(one, `${path}[${index}]`, note));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      const at = `${path}.${key}`;
      if (typeof one === 'string' && one !== '' && SECRET_NAME.test(key)) {
        note(at);
        return [key, MASK];
      }
      return [key, one === undefined ? one : maskedValue(one, at, note)];
    }),
  );
}

const MASK = '[masked]';
const SECRET_NAME =
  /^(?:.*[_.-])?(?:pass(?:word|wd|phrase)?|secret|token|credentials?|api[_-]?key|private[_-]?key)$/i;

const SECRETS: readonly (readonly [RegExp, string])[] = [
  [
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
    `-----BEGIN PRIVATE KEY----- ${MASK}`,
  ],
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, `$1${MASK}@`],
  [/\b(authorization\s*[:=]\s*)(?:(?:basic|bearer|token)\s+)?\S+/gi, `$1${MASK}`],
  [/\b(bearer\s+)[\w.~+/-]{8,}=*/gi, `$1${MASK}`],
  [
    /((?:^|[^a-z0-9])(?:[\w.-]*(?:pass(?:word|wd|phrase)?|secret|token|credentials?|api[_-]?key|private[_-]?key)))(["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;&"']+)/gi,
    `$1$2${MASK}`,
  ],
  [/\$(?:1|2[abxy]?|5|6|7|y|gy)\$[./A-Za-z0-9$=,]{8,}/g, MASK],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, MASK],
  [/\bgh[pousr]_[A-Za-z0-9]{20,}/g, MASK],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, MASK],
];

/** A text without what looks like a secret in it. */
export function maskedText(text: string): string {
  return SECRETS.reduce((shown, [form, mask]) => shown.replace(form, mask), text);
}
