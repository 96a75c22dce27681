/**
 * Any system, looked at and not touched: reads pass, effects are told in one sentence each. Later reads see the machine as it
 * is, except for names that a told effect would have made: steps that look for what they just made go on.
 */
import type { FileStat, System } from './port.ts';

export interface DryRun {
  readonly system: System;
  /** What would have been done, in order. */
  readonly told: readonly string[];
}

interface Imagined {
  readonly stat: FileStat;
  readonly label?: string;
}

export function dryRun(inner: System, tell: (sentence: string) => void = () => undefined): DryRun {
  const told: string[] = [];
  const imagined = new Map<string, Imagined | 'gone'>();
  const say = (sentence: string): void => {
    told.push(sentence);
    tell(sentence);
  };
  const add = (path: string, kind: FileStat['kind'], bytes: number, label?: string): void => {
    const stat = {
      id: `imagined:${imagined.size + 1}`,
      kind,
      bytes,
      allocatedBytes: bytes,
      links: 1,
    };
    imagined.set(path, { stat, ...(label === undefined ? {} : { label }) });
  };
  const look = async (path: string): Promise<Imagined | undefined> => {
    const known = imagined.get(path);
    if (known === 'gone') return undefined;
    if (known !== undefined) return known;
    const stat = await inner.files.stat(path);
    return stat === undefined ? undefined : { stat };
  };
  const labelOf = async (path: string): Promise<string | undefined> => {
    const known = imagined.get(path);
    if (known === 'gone') return undefined;
    return known?.label ?? (known === undefined ? inner.images.label(path) : undefined);
  };

  const system: System = {
    host: inner.host,
    disks: {
      ...inner.disks,
      async divide(disk, { kind, partitions }) {
        say(`erase ${disk} and write a ${kind} table of ${partitions.length} partitions`);
        return partitions.map(({ name }) => `${disk} (${name})`);
      },
      format: async (device, { fs, label = '' }) =>
        say(`make the file system ${fs} on ${device}${label === '' ? '' : `, labelled ${label}`}`),
    },
    mounts: {
      list: () => inner.mounts.list(),
      mount: async ({ kind, source, at, mode }) =>
        say(`mount ${kind} ${source} at ${at} (${mode})`),
      remount: async (at, mode) => say(`remount ${at} ${mode}`),
      unmount: async (at) => say(`unmount ${at}`),
    },
    files: {
      stat: async (path) => (await look(path))?.stat,
      inside: (root, name) => inner.files.inside(root, name),
      readText: (path) => inner.files.readText(path),
      list: (path) => inner.files.list(path),
      async makeDirectory(path) {
        if ((await look(path)) !== undefined) return;
        say(`make the directory ${path}`);
        add(path, 'directory', 0);
      },
      async writeText(path, text) {
        say(`write ${path} (${text.length} characters)`);
        add(path, 'file', text.length);
      },
      async link(existing, name) {
        say(`give ${existing} the second name ${name}`);
        const found = await look(existing);
        if (found !== undefined) imagined.set(name, found);
      },
      async rename(from, to) {
        say(`rename ${from} to ${to}`);
        const found = await look(from);
        if (found !== undefined) imagined.set(to, found);
        imagined.set(from, 'gone');
      },
      async remove(path) {
        if ((await look(path)) === undefined) return;
        say(`remove ${path}`);
        imagined.set(path, 'gone');
      },
      async removeTree(path) {
        say(`remove ${path} and everything below it`);
        imagined.set(path, 'gone');
      },
    },
    images: {
      inspect: (source, effort) => inner.images.inspect(source, effort),
      async create(path, { bytes, label, fs }) {
        say(`make the ${fs} image ${path} of ${mebibytes(bytes)} MiB, labelled ${label}`);
        add(path, 'file', bytes, label);
      },
      async fill(source, at, effort) {
        const { digest, contentBytes: bytes, files } = await inner.images.inspect(source, effort);
        say(`copy ${files} files (${mebibytes(bytes)} MiB) from ${source.uri} to ${at}`);
        return { digest, bytes, files };
      },
      async copy(from, to) {
        const found = await look(from);
        say(`copy the image ${from} to ${to}`);
        add(to, 'file', found?.stat.bytes ?? 0, await labelOf(from));
      },
      async fetch(from, to) {
        say(`bring ${from} to ${to}`);
        add(to, 'file', 0);
        return { digest: '0'.repeat(64) };
      },
      async pack(from, to) {
        const found = await look(from);
        say(`pack the image ${from} as the squashfs ${to}`);
        add(to, 'file', found?.stat.bytes ?? 0);
      },
      label: labelOf,
      uuid: async (path) => (imagined.has(path) ? undefined : inner.images.uuid(path)),
      async setContexts(root) {
        say(`set the SELinux contexts of ${root}, where it brings a policy`);
        return { set: 'no', reason: 'nothing is changed' };
      },
      async relabel(path, label) {
        say(`label the image ${path} ${label}`);
        const found = await look(path);
        if (found !== undefined) imagined.set(path, { ...found, label });
      },
      async check(path, effort) {
        if (imagined.has(path)) say(`check the file system in ${path}`);
        else await inner.images.check(path, effort);
      },
      digest: async (path, effort) =>
        imagined.has(path) ? '0'.repeat(64) : inner.images.digest(path, effort),
    },
    boot: {
      readEnvironment: (path) => inner.boot.readEnvironment(path),
      writeEnvironment: async (path, changes) =>
        say(`set ${Object.keys(changes).join(', ')} in the boot environment ${path}`),
      loaderMissing: (loader) => inner.boot.loaderMissing(loader),
      async prepareLoader({ firmware }) {
        say(`make a boot loader for ${firmware}`);
        return {};
      },
      installLoader: async (place) =>
        say(`install the boot loader on ${place.firmware === 'bios' ? place.disk : place.at}`),
      async addBootEntry({ label }) {
        say(`add the boot entry ${label} to the firmware`);
        return true;
      },
    },
    settle: {
      sync: async () => undefined,
      checkpoint: async () => undefined,
      thaw: async () => undefined,
    },
    stages: {
      async run({ stage, root, extraPaths }) {
        const files = await inner.stages.files(extraPaths);
        const where = root === undefined ? '' : ` inside ${root}`;
        say(`run hooks of stage ${stage}${where} from ${files.length} file(s)`);
        return { stepsRun: 0, stepsSkipped: 0, failures: [] };
      },
      files: (extraPaths) => inner.stages.files(extraPaths),
    },
    health: {
      check: async ({ units }) => {
        say(`run the health checks, look at ${units.length} unit(s)`);
        return [];
      },
    },
    power: {
      reboot: async () => say('reboot'),
      poweroff: async () => say('power off'),
    },
  };
  return { system, told };
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
