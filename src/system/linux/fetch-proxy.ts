import { BlockList, isIP } from 'node:net';
import { SystemError } from '../../errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that `http_proxy`, `https_proxy` and `no_proxy` (or their upper-case forms) name for an address. This machine
 * itself is never asked through a proxy. What is no HTTP proxy is an error: going round a proxy in silence is worse.
 */
export function proxyFor(url: URL, environment: Environment): URL | undefined {
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const given = valueOf(name, environment);
  if (given === '' || isExempt(url, valueOf('no_proxy', environment))) {
    return undefined;
  }
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (proxy?.protocol !== 'http:' && proxy?.protocol !== 'https:') {
    throw new SystemError({
      code: 'proxy-invalid',
      message: `the value of ${name} names no HTTP proxy`,
      hint: `set ${name} to http://HOST:PORT`,
    });
  }
  return proxy;
}

/** The host of an address without the brackets of IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

export function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}

function valueOf(name: string, environment: Environment): string {
  const lower = environment[name] ?? '';
  return (lower === '' ? (environment[name.toUpperCase()] ?? '') : lower).trim();
}

function isExempt(url: URL, list: string): boolean {
  const host = hostOf(url).replace(/\.$/, '');
  return (
    isLoopback(host) ||
    list
      .split(/[\s,]+/)
      .filter((entry) => entry !== '')
      .some((entry) => covers(entry.toLowerCase(), { host, port: String(portOf(url)) }))
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** `*`, a domain with all below it, `.domain` for what is below it only, an address, a network, each with or without a port. */
function covers(entry: string, of: { readonly host: string; readonly port: string }): boolean {
  if (entry === '*') {
    return true;
  }
  const [, bracketed, plain, port] =
    /^(?:\[([^\]]+)\]|([^:]+|.*:.*:.*?))(?::(\d+))?$/.exec(entry) ?? [];
  const name = (bracketed ?? plain ?? '').replace(/^\*(?=\.)/, '');
  if (name === '' || (port !== undefined && port !== of.port)) {
    return false;
  }
  if (name.includes('/')) {
    return isInNetwork(of.host, name);
  }
  return of.host === name || of.host.endsWith(name.startsWith('.') ? name : `.${name}`);
}

function isInNetwork(host: string, network: string): boolean {
  const [address = '', bits = ''] = network.split('/');
  const version = isIP(address);
  if (version === 0 || isIP(host) !== version || !/^\d{1,3}$/.test(bits)) {
    return false;
  }
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (Number(bits) > (version === 4 ? 32 : 128)) {
    return false;
  }
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family);
  return list.check(host, family);
}
