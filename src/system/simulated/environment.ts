/** The boot loader of a simulated machine. Environment blocks are created once and checkpointed, then overwritten in place. */
import type { BootPort } from '../port.ts';
import { blockOf, variablesIn } from './environment-block.ts';
import { mustHaveFolder, overwrite, writePlainly } from './files.ts';
import type { SimulatedMachine } from './machine.ts';
import { refusal } from './refusal.ts';
import { inodeAt, withNew } from './tree.ts';

export function simulatedBoot(machine: SimulatedMachine): BootPort {
  const read = (path: string): Readonly<Record<string, string>> | undefined => {
    const at = machine.locate(path);
    if (at.in === 'image') return undefined;
    const inode = inodeAt(machine.fileSystem(at.fs).tree, at.path);
    return inode?.kind === 'text' ? variablesIn(inode.text) : undefined;
  };
  return {
    readEnvironment: async (path) => read(path),

    async writeEnvironment(path, changes) {
      const before = read(path);
      const text = blockOf({ ...before, ...changes });
      if (before !== undefined) {
        overwrite(machine, path, text);
        return;
      }
      const at = machine.locate(path);
      if (at.in === 'image') throw refusal('read-only', `cannot create ${path}`);
      const fs = machine.fileSystem(at.fs);
      mustHaveFolder(fs, at.path, path);
      machine.moment(`create ${path}`);
      fs.change(withNew(fs.tree, at.path, { kind: 'text', text }));
      machine.moment(`create ${path}: not yet durable`);
      fs.commit();
      machine.moment(`create ${path}: in the journal`);
      fs.checkpoint();
      machine.moment(`created ${path}`);
    },

    loaderMissing: async () => [],

    async prepareLoader(loader, directory) {
      const at = machine.locate(directory);
      if (at.in === 'image') throw refusal('read-only', `cannot write to ${directory}`);
      const fs = machine.fileSystem(at.fs);
      machine.moment(`prepare the boot loader in ${directory}`);
      const text = `GRUB that reads the menu of ${loader.menuOn.join(' or ')}`;
      fs.change(withNew(fs.tree, `${at.path}/core.img`, { kind: 'text', text }));
      machine.moment(`prepared the boot loader in ${directory}`);
      return {};
    },

    async installLoader(place, directory) {
      const at = machine.locate(`${directory}/core.img`);
      const core = inodeAt(machine.fileSystem(at.fs).tree, at.path);
      if (core?.kind !== 'text' || core.text === '') {
        throw refusal('not-found', `there is no boot loader in ${directory}`);
      }
      const on = place.firmware === 'bios' ? place.disk : place.at;
      if (place.firmware === 'efi') writePlainly(machine, `${place.at}/grub.cfg`, core.text);
      machine.moment(`install the boot loader on ${on}`);
      if (machine.drive !== undefined) machine.drive = { ...machine.drive, startedBy: 'ours' };
      machine.moment(`installed the boot loader on ${on}`);
    },

    addBootEntry: async () => false,
  };
}
