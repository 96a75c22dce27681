/** A piece of a Go time layout: text that stands for itself, or one of the parts of the reference time. */
export type LayoutPiece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'part'; readonly part: LayoutPart }
  | {
      /** `.000` and `.999`: as many digits of a second; the nines drop zeros at the end. */
      readonly kind: 'fraction';
      readonly mark: string;
      readonly digits: number;
      readonly zeros: 'kept' | 'dropped';
    };

/** In the order in which a layout is searched for them: longer ones first. */
const parts = [
  'January',
  'Jan',
  'Monday',
  'Mon',
  'MST',
  '2006',
  '__2',
  '_2',
  '002',
  '01',
  '02',
  '03',
  '04',
  '05',
  '06',
  '15',
  '1',
  '2',
  '3',
  '4',
  '5',
  'PM',
  'pm',
  'Z070000',
  'Z07:00:00',
  'Z0700',
  'Z07:00',
  'Z07',
  '-070000',
  '-07:00:00',
  '-0700',
  '-07:00',
  '-07',
] as const;

/** Parts of the reference time Mon Jan 2 15:04:05 MST 2006, as a layout writes them. */
export type LayoutPart = (typeof parts)[number];

/** Cuts a Go time layout into its pieces. */
export function layoutPieces(layout: string): readonly LayoutPiece[] {
  const pieces: LayoutPiece[] = [];
  let text = '';
  const push = (piece: LayoutPiece): void => {
    if (text !== '') {
      pieces.push({ kind: 'text', text });
      text = '';
    }
    pieces.push(piece);
  };
  for (let at = 0; at < layout.length;) {
    const fraction = /^([.,])(0+|9+)(?!\d)/.exec(layout.slice(at, at + 64));
    const part = partAt(layout, at);
    if (fraction !== null) {
      const [all, mark = '.', digits = ''] = fraction;
      const zeros = digits.startsWith('0') ? 'kept' : 'dropped';
      push({ kind: 'fraction', mark, digits: digits.length, zeros });
      at += all.length;
    } else if (part !== undefined) {
      push({ kind: 'part', part });
      at += part.length;
    } else {
      text += layout.charAt(at);
      at += 1;
    }
  }
  return text === '' ? pieces : [...pieces, { kind: 'text', text }];
}

function partAt(layout: string, at: number): LayoutPart | undefined {
  // `_2006` is an underscore before the year.
  if (layout.startsWith('_2006', at)) {
    return undefined;
  }
  return parts.find(
    (part) =>
      layout.startsWith(part, at) &&
      !((part === 'Jan' || part === 'Mon') && /[a-z]/.test(layout.charAt(at + 3))),
  );
}
