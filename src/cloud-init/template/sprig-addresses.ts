import { addressText, hostName, readAddress } from './addresses.ts';
import type { TemplateFunction } from './signature.ts';
import { MAPPING, takes, TEXT } from './signature.ts';
import { TemplateError } from './template-error.ts';
import { kindName } from './value-kinds.ts';
import { Mapping } from './values.ts';

/** sprig's functions on addresses. */
export const addressFunctions: Readonly<Record<string, TemplateFunction>> = {
  urlParse: takes([TEXT], (text) => {
    const address = readAddress(text);
    return new Mapping(Object.entries({ ...address, hostname: hostName(address.host) }));
  }),
  urlJoin: takes([MAPPING], (parts) =>
    addressText({
      scheme: partOf(parts, 'scheme'),
      host: partOf(parts, 'host'),
      path: partOf(parts, 'path'),
      query: partOf(parts, 'query'),
      opaque: partOf(parts, 'opaque'),
      fragment: partOf(parts, 'fragment'),
      userinfo: partOf(parts, 'userinfo'),
    }),
  ),
};

function partOf({ entries }: Mapping, key: string): string {
  const value = entries.has(key) ? entries.get(key) : '';
  if (typeof value !== 'string') {
    throw new TemplateError(`\`${key}\` must be a string, not a ${kindName(value)}`);
  }
  return value;
}
