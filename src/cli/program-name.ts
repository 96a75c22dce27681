import { basename } from 'node:path';

/** Called by the name that the user typed, so that hints can be typed too. */
export function programName(script: string | undefined): string {
  return script !== undefined && basename(script).startsWith('elemental')
    ? 'elemental'
    : 'slotwright';
}
