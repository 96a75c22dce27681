/** Mounts of a simulated machine. Mounts of the tool are volatile: a cut or a kill ends them, and their loop devices. */
import type { Mount, MountRequest, MountsPort } from '../port.ts';
import { deviceOf } from './device-nodes.ts';
import { isWritable } from './files.ts';
import { imageAt } from './location.ts';
import type { SimulatedMachine } from './machine.ts';
import type { SimulatedMount } from './mount-table.ts';
import { refusal } from './refusal.ts';

export function simulatedMounts(machine: SimulatedMachine): MountsPort {
  return {
    async list() {
      return machine.mounts.map((mount): Mount => {
        const { at, source, fs } = mount;
        const mode = isWritable(machine, at) ? mount.mode : 'ro';
        return { at, source, fs, mode, fileSystem: machine.fileSystem(mount.root.fs).mode };
      });
    },

    async mount(request) {
      machine.moment(`mount ${request.source} at ${request.at}`);
      machine.mounts = [...machine.mounts, mounted(machine, request)];
      machine.moment(`mounted ${request.source} at ${request.at}`);
    },

    async remount(at, mode) {
      const mount = topmost(machine, at);
      machine.moment(`remount ${at} ${mode}`);
      if (mount.kind === 'device') {
        const fs = machine.fileSystem(mount.root.fs);
        if (mode === 'ro') {
          mustBeIdle(machine, mount);
          if (fs.keepsNameless) throw refusal('mount-busy', `${at} is in use`, 'a nameless file');
          fs.checkpoint();
        }
        fs.mode = mode;
      }
      machine.mounts = machine.mounts.map((other) =>
        other === mount ? { ...mount, mode, outside: mount.outside ?? mount.mode } : other,
      );
      machine.moment(`remounted ${at} ${mode}`);
    },

    async unmount(at) {
      const mount = topmost(machine, at);
      const inside = machine.mounts.find((other) => other.at.startsWith(`${at}/`));
      if (inside !== undefined) {
        throw refusal('mount-busy', `cannot unmount ${at}`, `${inside.at} is mounted`);
      }
      const last = machine.mounts.filter(({ root }) => root.fs === mount.root.fs).length === 1;
      if (mount.kind === 'device' && last) mustBeIdle(machine, mount);
      machine.moment(`unmount ${at}`);
      machine.mounts = machine.mounts.filter((other) => other !== mount);
      if (mount.kind === 'image') machine.dropLoop(mount.root);
      if (mount.kind === 'device' && last) {
        const fs = machine.fileSystem(mount.root.fs);
        if (mount.journal === undefined) fs.checkpoint();
        fs.mode = 'ro';
      }
      machine.moment(`unmounted ${at}`);
    },

    async users(at) {
      const below = machine.mounts.filter((mount) => mount.at.startsWith(`${at}/`));
      const images = machine.mounts.filter(({ kind, source }) => kind === 'image' && source === at);
      return [
        ...below.map((mount) => `a mount at ${mount.at}`),
        ...images.map((mount) => `/dev/loop of ${mount.at}`),
      ];
    },
  };
}

/** Throws `mount-busy` while somebody could still write: a file system with open files cannot become read-only. */
export function mustBeIdle(machine: SimulatedMachine, mount: SimulatedMount): void {
  const open = machine.descriptors.get(mount.root.fs) ?? 0;
  if (open > 0)
    throw refusal('mount-busy', `${mount.at} is in use`, `${open} open file(s) of ours`);
  const image = machine.mounts.find(
    (other) => other.kind === 'image' && other.mode === 'rw' && other.root.fs === mount.root.fs,
  );
  if (image !== undefined) {
    throw refusal('mount-busy', `${mount.at} is in use`, `the image at ${image.at}`);
  }
}

function mounted(machine: SimulatedMachine, request: MountRequest): SimulatedMount {
  const { source, at, mode } = request;
  switch (request.kind) {
    case 'bind': {
      const below = machine.locate(source);
      return { at, source, fs: 'none', root: below, kind: 'bind', by: 'tool', mode };
    }
    case 'image': {
      const { in: where, fs: name, path } = machine.locate(source);
      const fs = machine.fileSystem(name);
      const ino = fs.tree.names.get(path);
      const image = ino === undefined ? undefined : imageAt(fs, ino);
      if (where === 'image' || ino === undefined || image === undefined) {
        throw refusal('not-found', `cannot mount ${source}`);
      }
      if (image.condition === 'damaged') throw refusal('image-damaged', `cannot mount ${source}`);
      if (mode === 'rw') fs.assertWritable();
      fs.held.add(ino);
      const root = { in: 'image', fs: name, ino, path: '/' } as const;
      return { at, source, fs: image.fs, root, kind: 'image', by: 'tool', mode };
    }
    case 'device': {
      const role = machine.roles().find((candidate) => deviceOf(candidate) === source);
      if (role === undefined) throw refusal('not-found', `cannot mount ${source}`);
      const fs = machine.disk(role);
      if (fs.facts.condition === 'damaged') {
        throw refusal('image-damaged', `cannot mount ${source}`, 'wrong fs type, bad superblock');
      }
      const present = machine.mounts.some(({ root }) => root.fs === role);
      if (present && fs.mode !== mode) {
        throw refusal('mount-busy', `cannot mount ${source}`, `it is mounted ${fs.mode} elsewhere`);
      }
      const { journal } = request;
      if (!present && journal === undefined) fs.checkpoint();
      fs.mode = mode;
      const root = { in: 'file-system', fs: role, path: '/' } as const;
      const kept = journal === undefined ? {} : { journal };
      return { at, source, fs: 'ext4', root, kind: 'device', by: 'tool', mode, ...kept };
    }
  }
}

function topmost(machine: SimulatedMachine, at: string): SimulatedMount {
  const found = machine.mounts.findLast((mount) => mount.at === at);
  if (found === undefined) throw refusal('not-mounted', `${at} is not a mount point`);
  return found;
}
