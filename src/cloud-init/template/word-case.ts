import { isSpace, isUpper, lower, titleLetter, upper } from './letter-case.ts';

/** Go's `strings.Title`: the first letter of each word large, the others as they are. */
export function titled(text: string): string {
  let before = ' ';
  return Array.from(text, (letter) => {
    const isFirst = isSeparator(before);
    before = letter;
    return isFirst ? titleLetter(letter) : letter;
  }).join('');
}

function isSeparator(letter: string): boolean {
  return letter <= '\x7f' ? !/^\w$/.test(letter) : isSpace(letter);
}

/** The first letter of each word, of which blanks alone are the ends, made small. */
export function untitled(text: string): string {
  return firstLetters(text, lower);
}

/** The first letters of the words. */
export function initials(text: string): string {
  let isFirst = true;
  return Array.from(text)
    .filter((letter) => {
      const isBlank = isSpace(letter);
      const isWanted = !isBlank && isFirst;
      isFirst = isBlank;
      return isWanted;
    })
    .join('');
}

function firstLetters(text: string, map: (letter: string) => string): string {
  let isFirst = true;
  return Array.from(text, (letter) => {
    const isBlank = isSpace(letter);
    const changed = !isBlank && isFirst ? map(letter) : letter;
    isFirst = isBlank;
    return changed;
  }).join('');
}

/** Large letters small, small ones large, but at the start of a word as for a title. */
export function swappedCase(text: string): string {
  let isFirst = true;
  return Array.from(text, (letter) => {
    if (/^[\p{Lu}\p{Lt}]$/u.test(letter)) {
      isFirst = false;
      return lower(letter);
    }
    if (/^\p{Ll}$/u.test(letter)) {
      const changed = isFirst ? titleLetter(letter) : upper(letter);
      isFirst = false;
      return changed;
    }
    isFirst = isSpace(letter);
    return letter;
  }).join('');
}

function isConnector(letter: string): boolean {
  return letter === '-' || letter === '_' || isSpace(letter);
}

/** `some_words` as `SomeWords`; connectors at the start and doubled ones stay. */
export function camelCase(text: string): string {
  const letters = Array.from(text);
  const start = letters.findIndex((letter) => !isConnector(letter));
  if (start === -1) {
    // sprig writes the last connector twice when there is nothing else.
    return text + (letters.at(-1) ?? '');
  }
  let result = letters.slice(0, start).join('');
  let [current = ''] = letters.slice(start).map(upper);
  if (start === letters.length - 1) {
    return result + current;
  }
  for (const letter of letters.slice(start + 1)) {
    const before = current;
    if (isConnector(letter) && isConnector(before)) {
      current = letter;
      result += before;
    } else if (isConnector(before)) {
      current = upper(letter);
    } else {
      current = lower(letter);
      result += before;
    }
  }
  return result + current;
}

type Kind = 'number' | 'upper' | 'letters' | 'connector' | 'punctuation' | 'other';

interface Word {
  readonly kind: Kind;
  readonly text: string;
}

/** `FirstName` as `first_name`, with any connector; numbers stay with the word that they belong to. */
export function connectedCase(text: string, connector: string): string {
  const words = wordsOf(text);
  const isLetters = (word: Word | undefined): boolean =>
    word?.kind === 'letters' || word?.kind === 'number';
  const needsConnector = (word: Word | undefined): boolean =>
    word !== undefined && word.kind !== 'punctuation' && word.kind !== 'connector';
  let result = '';
  let at = 0;
  const write = (word: Word | undefined): void => {
    result += word === undefined ? '' : lowered(word, connector);
  };
  const writeLetters = (): void => {
    while (isLetters(words[at])) {
      write(words[at]);
      at += 1;
    }
  };
  while (at < words.length - 1) {
    const word = words[at];
    at += 1;
    if (word?.kind !== 'connector') {
      write(word);
    }
    switch (word?.kind) {
      case 'number':
        writeLetters();
        result += needsConnector(words[at]) ? connector : '';
        break;
      case 'connector':
        write(word);
        break;
      case 'punctuation':
      case undefined:
        break;
      default: {
        const number = words[at];
        if (number?.kind !== 'number') {
          result += needsConnector(number) ? connector : '';
          break;
        }
        if (at === words.length - 1) {
          break;
        }
        at += 1;
        if (words[at]?.kind === 'letters') {
          result += connector;
          write(number);
          writeLetters();
        } else {
          write(number);
        }
        result += needsConnector(words[at]) ? connector : '';
      }
    }
  }
  write(words[at]);
  return result;
}

function lowered(word: Word, connector: string): string {
  return word.kind !== 'upper' && word.kind !== 'connector'
    ? word.text
    : Array.from(word.text, (letter) =>
        isConnector(letter) ? connector : isUpper(letter) ? lower(letter) : letter,
      ).join('');
}

/** Runs of letters of one kind; the last capital of several belongs to the word that follows. */
function wordsOf(text: string): readonly Word[] {
  const letters = Array.from(text);
  const words: Word[] = [];
  for (let at = 0; at < letters.length;) {
    const kind = kindOf(letters[at] ?? '');
    let end = at + 1;
    const runsOn = (kinds: readonly Kind[]): boolean =>
      end < letters.length && kinds.includes(kindOf(letters[end] ?? ''));
    if (kind === 'upper' && runsOn(['letters'])) {
      while (runsOn(['letters'])) {
        end += 1;
      }
    } else {
      while (runsOn([kind])) {
        end += 1;
      }
      end -= kind === 'upper' && end > at + 1 && runsOn(['letters']) ? 1 : 0;
    }
    words.push({ kind, text: letters.slice(at, end).join('') });
    at = end;
  }
  return words;
}

/** Every one is a word. */
const ideograph = /^[\u3400-\u4d85\u4e00-\u9fcc\u{20000}-\u{2b81d}]$/u;

function kindOf(letter: string): Kind {
  if (isConnector(letter)) {
    return 'connector';
  }
  if (/^\p{P}$/u.test(letter)) {
    return 'punctuation';
  }
  if (isUpper(letter)) {
    return 'upper';
  }
  if (/^\p{L}$/u.test(letter) && !ideograph.test(letter)) {
    return 'letters';
  }
  return /^\p{N}$/u.test(letter) ? 'number' : 'other';
}
