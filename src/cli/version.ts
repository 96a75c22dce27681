/** Version of this program: `0.1.0`, or `0.1.0+g1a2b3c4` where the build knew its commit. */

/** Both are set by the build. */
declare const SLOTWRIGHT_VERSION: string | undefined;
declare const SLOTWRIGHT_COMMIT: string | undefined;

export const VERSION = typeof SLOTWRIGHT_VERSION === 'string' ? SLOTWRIGHT_VERSION : '0.1.0';

export const FULL_VERSION =
  typeof SLOTWRIGHT_COMMIT === 'string' ? `${VERSION}+g${SLOTWRIGHT_COMMIT.slice(0, 7)}` : VERSION;
