/** Signs of 14 by 14, drawn as lines: they need no font and no colour. */
export const SIGNS = {
  check: '<path d="M1.5 7.5L5.5 11.5L12.5 2.5"/>',
  cross: '<path d="M2 2L12 12M12 2L2 12"/>',
  skip: '<path d="M2 2.5L6.5 7L2 11.5M7.5 2.5L12 7L7.5 11.5"/>',
  exclamation: '<path d="M7 1V8.5M7 12V12.6"/>',
  again: '<path d="M11.5 4.5A5.2 5.2 0 1 0 12.2 8M12 1V4.8H8.2"/>',
  back: '<path d="M6 2L1.5 6.5L6 11M1.5 6.5H9A3.5 3.5 0 0 1 9 13H6.5"/>',
  waiting:
    '<path d="M2.5 1H11.5M2.5 13H11.5M3.5 1C3.5 5 10.5 9 10.5 13M10.5 1C10.5 5 3.5 9 3.5 13"/>',
  left: '<path d="M9.5 2L4 7L9.5 12"/>',
  right: '<path d="M4.5 2L10 7L4.5 12"/>',
  empty: '<circle cx="7" cy="7" r="3.5"/>',
} as const;

export type Sign = keyof typeof SIGNS;
