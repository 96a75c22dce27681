import { createHmac } from 'node:crypto';
import { bytesToText, textToBytes } from '../byte-text.ts';
import type { Target } from '../target.ts';
import { randomText, uuid } from '../template/sprig-random.ts';
import { EntryError } from './entry-error.ts';
import type { Part } from './part.ts';

/** What a host name looks like, once its template is filled in. */
export const hostName = /^(?=.{1,64}$)[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/;

/** Names the machine: the running kernel (never from inside a chroot), /etc/hostname and /etc/hosts. */
export const hostname: Part = {
  name: 'hostname',
  isAskedFor: (step) => (step.hostname?.text ?? '') !== '',
  async run(step, context) {
    const { target } = context;
    const wanted = step.hostname ?? { text: '', at: step.at };
    const name = await context.renderWith(wanted.text, await hostnameData(target));
    if (!hostName.test(name)) {
      throw new EntryError(`\`${name}\` is no valid host name`);
    }
    const old = await target.hostname();
    if (target.scope === 'chroot') {
      await context.warn('the host name is set in the files of the target only', wanted.at);
    } else {
      await target.setHostname(name);
    }
    await context.attempt(wanted.at, async () => {
      await replaceText(target, '/etc/hostname', `${name}\n`);
    });
    const hosts = await target.files.read('/etc/hosts');
    if (hosts === undefined) {
      throw new EntryError('/etc/hosts is not there');
    }
    const text = bytesToText(hosts);
    await replaceText(target, '/etc/hosts', hostsWith(text, { old, name }));
  },
};

async function hostnameData(target: Target): Promise<Readonly<Record<string, string>>> {
  const random = (bytes: number): Uint8Array => target.random(bytes);
  const id = await target.files.read('/etc/machine-id');
  const machineId = Buffer.from(id ?? [])
    .toString('utf8')
    .trim();
  return {
    UUID: uuid(random),
    Random: randomText('0123456789abcdefghijklmnopqrstuvwxyz', 32, random),
    MachineID: machineId,
    ProtectedID: createHmac('sha256', machineId).update('yip').digest('hex'),
  };
}

/** The line of 127.0.0.1 gets the new name in place of the old one and keeps its other names; it is made if missing. */
function hostsWith(text: string, names: { readonly old: string; readonly name: string }): string {
  const words = (line: string): readonly string[] => line.replace(/#.*$/, '').trim().split(/\s+/);
  const isLocal = (line: string): boolean => words(line)[0] === '127.0.0.1';
  const lines = text.split('\n').map((line) => line.trim());
  if (lines.at(-1) === '') {
    lines.pop();
  }
  if (lines.some(isLocal)) {
    const renamed = (line: string): string => {
      const [address, ...aliases] = words(line);
      const kept = aliases.filter((alias) => alias !== names.old && alias !== names.name);
      return [address, ...new Set(['localhost', ...kept, names.name])].join(' ');
    };
    return lines.map((line) => `${isLocal(line) ? renamed(line) : line}\n`).join('');
  }
  return [...lines, `127.0.0.1 localhost ${names.name}`].map((line) => `${line}\n`).join('');
}

async function replaceText(target: Target, path: string, text: string): Promise<void> {
  const old = await target.files.stat(path, 'follow');
  await target.files.write({
    path,
    bytes: textToBytes(text),
    mode: old?.mode ?? 0o644,
    uid: old?.uid ?? 0,
    gid: old?.gid ?? 0,
  });
}
