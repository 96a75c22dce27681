import { bytesToText, textToBytes } from '../byte-text.ts';
import { TemplateError } from './template-error.ts';

/** The parts of an address; what it does not have is empty. */
export interface Address {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly opaque: string;
  readonly fragment: string;
  readonly userinfo: string;
}

/** Takes an address apart as Go does. Throws a {@link TemplateError} when it is none. */
export function readAddress(text: string): Address {
  if (/[\0-\x1f\x7f]/.test(text)) {
    throw new TemplateError('an address cannot have control characters');
  }
  const [main = '', fragment] = cut(text, '#');
  const { scheme, rest } = withoutScheme(main);
  const [before = '', query = ''] = cut(rest, '?');
  const found = { scheme, query, fragment: decoded(fragment ?? '', 'fragment') };
  const none = { host: '', path: '', opaque: '', userinfo: '' };
  if (main === '*') {
    return { ...found, ...none, path: '*' };
  }
  if (!before.startsWith('/')) {
    if (scheme !== '') {
      return { ...found, ...none, opaque: before };
    }
    if ((cut(before, '/')[0] ?? '').includes(':')) {
      throw new TemplateError(`the address \`${text}\` begins with a colon in its path`);
    }
  }
  if (!before.startsWith('//') || (scheme === '' && before.startsWith('///'))) {
    return { ...found, ...none, path: decoded(before, 'path') };
  }
  const [, authority = '', path = ''] = /^\/\/([^/]*)(.*)$/s.exec(before) ?? [];
  return { ...found, ...none, ...readAuthority(authority), path: decoded(path, 'path') };
}

/** Everything before a mark, and behind it when it is there. */
function cut(text: string, mark: string): readonly string[] {
  const at = text.indexOf(mark);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function withoutScheme(text: string): { readonly scheme: string; readonly rest: string } {
  if (text.startsWith(':')) {
    throw new TemplateError('an address cannot begin with a colon');
  }
  const [all = '', scheme = ''] = /^([A-Za-z][A-Za-z\d+.-]*):/.exec(text) ?? [];
  return { scheme: scheme.toLowerCase(), rest: text.slice(all.length) };
}

function readAuthority(authority: string): Pick<Address, 'host' | 'userinfo'> {
  const at = authority.lastIndexOf('@');
  const userinfo = at === -1 ? '' : authority.slice(0, at);
  if (!/^[\w.~!$&'()*+,;=%@:-]*$/.test(userinfo)) {
    throw new TemplateError('the user of the address has letters that it cannot have');
  }
  const [name = '', password] = cut(userinfo, ':').map((part) =>
    encoded(decoded(part, 'user'), 'user'),
  );
  return {
    host: readHost(authority.slice(at + 1)),
    userinfo: password === undefined ? name : `${name}:${password}`,
  };
}

function readHost(host: string): string {
  const port = host.startsWith('[')
    ? /\]([^\]]*)$/.exec(host)?.[1]
    : (/:[^:]*$/.exec(host)?.[0] ?? '');
  if (port === undefined || !/^(?::\d*)?$/.test(port)) {
    throw new TemplateError(`\`${host}\` is no host`);
  }
  return decoded(host, 'host');
}

/** The name of a host without its port and brackets. */
export function hostName(host: string): string {
  return host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/s, '$1');
}

/** Puts an address together as Go does; `path`, `fragment` and `host` are encoded where they need it. */
export function addressText(address: Address): string {
  const { scheme, host, opaque, query, fragment } = address;
  let text = scheme === '' ? '' : `${scheme}:`;
  if (opaque === '') {
    const user = userText(address.userinfo);
    const hasAuthority = scheme !== '' || host !== '' || user !== undefined;
    if (hasAuthority && (host !== '' || address.path !== '' || user !== undefined)) {
      text += `//${user === undefined ? '' : `${user}@`}${encoded(host, 'host')}`;
    }
    const path = address.path === '*' ? '*' : encoded(address.path, 'path');
    text += path !== '' && !path.startsWith('/') && host !== '' ? '/' : '';
    text += text === '' && (cut(path, '/')[0] ?? '').includes(':') ? './' : '';
    text += path;
  }
  text += opaque + (query === '' ? '' : `?${query}`);
  return text + (fragment === '' ? '' : `#${encoded(fragment, 'fragment')}`);
}

function userText(userinfo: string): string | undefined {
  return userinfo === '' ? undefined : readAddress(`proto://${userinfo}@host`).userinfo;
}

type Part = 'path' | 'fragment' | 'host' | 'user';

/** Letters that stay as they are in a part, besides letters, digits and `-_.~`. */
const plain: Readonly<Record<Part, RegExp>> = {
  path: /[$&+,/:;=@]/,
  fragment: /[$&+,/:;=?@!()*]/,
  host: /[!$&'()*+,;=:[\]<>"]/,
  user: /[$&+,;=]/,
};

function encoded(text: string, part: Part): string {
  return Array.from(textToBytes(text), (byte) => {
    const letter = String.fromCharCode(byte);
    return /[\w.~-]/.test(letter) || plain[part].test(letter)
      ? letter
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

function decoded(text: string, part: Part): string {
  if (/%(?![\da-fA-F]{2})/.test(text)) {
    throw new TemplateError('a `%` in the address is not followed by two hex digits');
  }
  if (part === 'host' && hasBadHostLetter(text)) {
    throw new TemplateError(`\`${text}\` is no host`);
  }
  if (!text.includes('%')) {
    return text;
  }
  const bytes = textToBytes(text).toString('latin1');
  const plainBytes = bytes.replace(/%([\da-fA-F]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return bytesToText(Buffer.from(plainBytes, 'latin1'));
}

/** Of the ASCII letters a host has few, and none of them as an escape but the sign of the escape itself. */
function hasBadHostLetter(host: string): boolean {
  return /%[0-7](?!5)|%[013-7]5/.test(host) || /[ \\^`{|}#?/@]/.test(host);
}
