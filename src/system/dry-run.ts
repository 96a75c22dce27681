/**
 * Any system, looked at and not touched: reads pass, effects are told in one sentence each and imagined. Later reads see what was
 * imagined: names, mounts, labels, boot variables, free space. Nothing is written; what must be mounted to be looked at is mounted
 * read-only, and given back by `release`.
 */
import { SystemError } from '../errors.ts';
import { ImaginedFiles, type Content, type ImaginedFile } from './imagined-files.ts';
import { ImaginedMounts } from './imagined-mounts.ts';
import { emptyImageBytes, inBlocks, type Volume, type Witness } from './imagined-space.ts';
import type { Partition, Role, System } from './port.ts';

export interface DryRun {
  readonly system: System;
  /** What would have been done, in order. */
  readonly told: readonly string[];
  /** File systems that were looked at, with their room. */
  readonly volumes: () => readonly Volume[];
  /** Takes room beside the effects, for what is written by others than this system. */
  readonly hold: (path: string, bytes: number) => Promise<void>;
  /** Unmounts what was mounted to be looked at. */
  readonly release: () => Promise<void>;
}

const ROLES: readonly Role[] = ['bios', 'efi', 'oem', 'recovery', 'state', 'persistent'];
const MIB = 2 ** 20;

export function dryRun(inner: System, watching: Partial<Witness> = {}): DryRun {
  const told: string[] = [];
  const nothing = (): void => undefined;
  const witness: Witness = {
    took: nothing,
    gaveBack: nothing,
    changed: nothing,
    ran: nothing,
    ...watching,
    said(sentence) {
      told.push(sentence);
      watching.said?.(sentence);
    },
  };
  const say = witness.said;
  /** Partitions of disks that would be divided, in place of those that are there. */
  let divided: readonly (Partition & { readonly born?: 'now' })[] = [];
  const partitions = async () => [
    ...(await inner.disks.partitions()).filter(
      ({ disk, device }) =>
        !divided.some((other) => other.disk === disk || other.device === device),
    ),
    ...divided.filter(({ born }) => born === 'now'),
  ];
  const mounts = new ImaginedMounts({ inner, witness, partitions });
  const files = new ImaginedFiles(inner, mounts);

  const variablesOf = async (path: string) => {
    const file = await files.find(path);
    if (file?.variables !== undefined) return file.variables;
    return file?.shown === undefined ? undefined : inner.boot.readEnvironment(file.shown);
  };
  /** What the machine knows of a file that is there, where nothing was imagined of it. */
  const ofImage = async <T>(
    path: string,
    imagined: (file: ImaginedFile) => T | undefined,
    real: (path: string) => Promise<T | undefined>,
  ): Promise<T | undefined> => {
    const file = await files.must(path);
    return imagined(file) ?? (file.shown === undefined ? undefined : real(file.shown));
  };
  const uuidOf = (path: string) =>
    ofImage(
      path,
      ({ uuid }) => uuid,
      (shown) => inner.images.uuid(shown),
    );
  const labelOf = (path: string) =>
    ofImage(
      path,
      ({ label }) => label,
      (shown) => inner.images.label(shown),
    );
  const mustBeFree = async (path: string): Promise<void> => {
    if ((await files.find(path)) === undefined) return;
    throw new SystemError({ code: 'exists', message: `${path} is there already` });
  };
  const imageFile = async (
    path: string,
    image: {
      readonly bytes: number;
      readonly allocated: number;
      readonly content?: Content | undefined;
      readonly label?: string | undefined;
      readonly uuid?: string | undefined;
    },
  ): Promise<ImaginedFile> => {
    await mustBeFree(path);
    const { bytes, allocated, content, label, uuid } = image;
    const file = await files.add(path, { kind: 'file', bytes, allocated });
    if (content !== undefined) file.content = content;
    if (label !== undefined) file.label = label;
    if (uuid !== undefined) file.uuid = uuid;
    return file;
  };

  const system: System = {
    host: inner.host,
    disks: {
      missing: (wanted) => inner.disks.missing(wanted),
      describe: (path) => inner.disks.describe(path),
      partitions,
      async free(path) {
        const { home } = await mounts.place(path);
        return home.kind === 'volume' ? home.nowFreeBytes : home.bytes - home.allocatedBytes;
      },
      async divide(disk, { kind, partitions: wanted }) {
        say(`erase ${disk} and write a ${kind} table of ${wanted.length} partitions`);
        const made = wanted.map(({ name, mebibytes: size }) => ({
          device: `${disk} (${name})`,
          disk,
          role: ROLES.find((role) => role === name),
          bytes: size * MIB,
        }));
        divided = made.flatMap(({ role, ...rest }) =>
          role === undefined ? [] : [{ role, ...rest }],
        );
        return made.map(({ device }) => device);
      },
      async format(device, { fs, label = '' }) {
        say(`make the file system ${fs} on ${device}${label === '' ? '' : `, labelled ${label}`}`);
        const partition = (await partitions()).find((one) => one.device === device);
        const made = divided.find((one) => one.device === device) ?? partition;
        if (made === undefined) return;
        const { role, disk, bytes } = made;
        divided = [
          ...divided.filter((one) => one !== made),
          { role, device, disk, bytes, fs, label, born: 'now' },
        ];
      },
    },
    mounts: {
      list: async () =>
        (await mounts.list()).map(({ at, source, fs, mode, fileSystem }) => ({
          ...{ at, source, fs, mode, fileSystem },
        })),
      async mount({ kind, source, at, mode }) {
        say(`mount ${kind} ${source} at ${at} (${mode})`);
        if (kind === 'device') return mounts.mountDevice(source, at, mode);
        if (kind === 'bind') return mounts.bind(source, at, mode);
        const file = await files.must(source);
        if (file.bytes === 0) throw notFetched(source);
        return mounts.mountImage(file, source, at, mode);
      },
      async remount(at, mode) {
        say(`remount ${at} ${mode}`);
        await mounts.remount(at, mode);
      },
      async unmount(at) {
        say(`unmount ${at}`);
        await mounts.unmount(at);
      },
      users: (at) => inner.mounts.users(at),
    },
    files: {
      stat: async (path) => (await files.find(path))?.stat,
      list: (path) => files.list(path),
      async inside(root, name) {
        const shown = await files.shown(root);
        if (shown === undefined) return `${root}/${name}`;
        return root + (await inner.files.inside(shown, name)).slice(shown.length);
      },
      async readText(path) {
        const file = await files.find(path);
        if (file?.text !== undefined) return file.text;
        return file?.shown === undefined ? undefined : inner.files.readText(file.shown);
      },
      async makeDirectory(path) {
        if ((await files.makeDirectory(path)) === 'made') say(`make the directory ${path}`);
      },
      async writeText(path, text) {
        say(`write ${path} (${text.length} characters)`);
        await files.writeText(path, text);
      },
      async link(existing, name) {
        say(`give ${existing} the second name ${name}`);
        await mustBeFree(name);
        await files.name(await files.must(existing), name);
      },
      async rename(from, to) {
        say(`rename ${from} to ${to}`);
        await files.rename(from, to);
      },
      async remove(path) {
        if ((await files.find(path)) === undefined) return;
        say(`remove ${path}`);
        await files.remove(path);
      },
      async removeTree(path) {
        say(`remove ${path} and everything below it`);
        await files.removeTree(path);
      },
    },
    images: {
      inspect: async (source, effort) =>
        inner.images.inspect({ ...source, path: await shownOr(source.path) }, effort),
      async create(path, { bytes, label, fs }) {
        say(`make the ${fs} image ${path} of ${mebibytes(bytes)} MiB, labelled ${label}`);
        const file = await imageFile(path, { bytes, allocated: 0, label });
        file.uuid = `uuid-${file.id}`;
        file.take(Math.min(bytes, emptyImageBytes({ bytes, fs })));
      },
      async fill(source, at, effort) {
        const path = await shownOr(source.path);
        const facts = await inner.images.inspect({ ...source, path }, effort);
        const { digest, contentBytes: bytes, files: count, blockBytes } = facts;
        say(`copy ${count} files (${mebibytes(bytes)} MiB) from ${source.uri} to ${at}`);
        const { home } = await mounts.place(at);
        if (home.kind === 'volume') throw notAnImage(at);
        home.content = { from: source.kind === 'dir' ? 'tree' : 'image', path };
        await mounts.showContent(home);
        home.take(inBlocks(blockBytes ?? bytes));
        return { digest, bytes, files: count };
      },
      async copy(from, to) {
        const { bytes, allocatedBytes: allocated, content } = await files.must(from);
        say(`copy the image ${from} to ${to}`);
        const [label, uuid] = [await labelOf(from), await uuidOf(from)];
        await imageFile(to, { bytes, allocated, content, label, uuid });
      },
      async fetch(from, to) {
        say(`bring ${from} to ${to}`);
        await files.add(to, { kind: 'file', bytes: 0, allocated: 0 });
        return { digest: '0'.repeat(64) };
      },
      async pack(from, to) {
        const { allocatedBytes: allocated, content } = await files.must(from);
        say(`pack the image ${from} as the squashfs ${to}, of ${mebibytes(allocated)} MiB at most`);
        await imageFile(to, { bytes: allocated, allocated, content });
      },
      label: async (path) => {
        const label = await labelOf(path);
        return label === '' ? undefined : label;
      },
      uuid: uuidOf,
      async setContexts(root) {
        say(`set the SELinux contexts of ${root}, where it brings a policy`);
        return { set: 'no', reason: 'nothing is changed' };
      },
      async relabel(path, label) {
        say(`label the image ${path} ${label}`);
        (await files.must(path)).label = label;
      },
      async check(path, effort) {
        const { shown } = await files.must(path);
        if (shown === undefined) say(`check the file system in ${path}`);
        else await inner.images.check(shown, effort);
      },
      async digest(path, effort) {
        const { id, shown } = await files.must(path);
        return shown === undefined ? id : inner.images.digest(shown, effort);
      },
    },
    boot: {
      readEnvironment: variablesOf,
      async writeEnvironment(path, changes) {
        const before = await variablesOf(path);
        say(`set ${Object.keys(changes).join(', ')} in the boot environment ${path}`);
        const file =
          (await files.find(path)) ??
          (await files.add(path, { kind: 'file', bytes: 1024, allocated: inBlocks(1024) }));
        file.variables = Object.fromEntries(
          Object.entries({ ...before, ...changes }).filter(([, value]) => value !== ''),
        );
        const { home, path: name } = await mounts.place(path);
        home.changed(name);
      },
      loaderMissing: (loader) => inner.boot.loaderMissing(loader),
      async prepareLoader({ firmware }, directory) {
        say(`make a boot loader for ${firmware}`);
        await files.makeDirectory(directory);
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
        const hooks = await hookFiles(extraPaths);
        const where = root === undefined ? '' : ` inside ${root}`;
        say(`run hooks of stage ${stage}${where} from ${hooks.length} file(s)`);
        witness.ran(
          stage,
          hooks.map(({ path }) => path),
        );
        return { stepsRun: 0, stepsSkipped: 0, failures: [] };
      },
      files: hookFiles,
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
  return {
    system,
    told,
    volumes: () => mounts.known(),
    async hold(path, bytes) {
      const { home } = await mounts.place(path);
      if (home.kind === 'volume') home.hold(bytes);
    },
    release: () => mounts.release(),
  };

  /** A source is read where the machine shows it. */
  async function shownOr(path: string): Promise<string> {
    return (await files.find(path))?.shown ?? (await files.shown(path)) ?? path;
  }

  /** Those that would not have been erased before. */
  async function hookFiles(extraPaths: readonly string[]) {
    const all = await inner.stages.files(extraPaths);
    const left = await Promise.all(
      all.map(async ({ path }) => !path.startsWith('/') || (await files.shown(path)) !== undefined),
    );
    return all.filter((_, index) => left[index]);
  }
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}

function notAnImage(at: string): SystemError {
  return new SystemError({ code: 'not-found', message: `no image is mounted at ${at}` });
}

/** Only a fetched file has no size yet. */
function notFetched(path: string): SystemError {
  return new SystemError({
    code: 'not-fetched',
    message: `what ${path} would hold is not known`,
    reason: 'a plan fetches nothing',
    hint: 'fetch it first, and name the file',
  });
}
