/** Faults in how the real machine is handled: what only a kernel can show. */
import type { Mutant } from '../mutant.ts';
import { BLOCKS, contract, inProcess, powerless, unit } from './sightings.ts';

const SETTLE = 'src/system/linux/settle.ts';
const BOOT = 'src/system/linux/boot.ts';

export const MACHINE: readonly Mutant[] = [
  {
    name: 'checkpoint-of-journal',
    fault: 'a checkpoint leaves in the journal what GRUB reads in its place',
    law: 1,
    file: SETTLE,
    text: `await exec.change('mount', ['-o', 'remount,ro', '--', mountPoint]);`,
    becomes: `await exec.change('sync', ['--', mountPoint]);`,
    foundBy: [
      {
        ...contract('linux', 'brings a renamed file to readers that replay no journal'),
        says: /^expected/,
      },
      { ...BLOCKS, says: /^expected|law 1/ },
    ],
  },
  {
    name: 'freeze-not-guarded',
    fault: 'who freezes the file system can be killed by a signal before it thaws',
    law: 5,
    file: SETTLE,
    text: `await exec.finish('sh', ['-c', FREEZE_AND_THAW, 'sh', mountPoint]);`,
    becomes: `await exec.change('fsfreeze', ['--freeze', mountPoint]);
        await exec.change('fsfreeze', ['--unfreeze', mountPoint]);`,
    foundBy: [
      { ...inProcess('signals', 'is thawed by the child that froze'), says: /COS_STATE is frozen/ },
    ],
  },
  {
    name: 'sync-of-nothing',
    fault: 'settling does not reach the disk',
    law: 4,
    file: SETTLE,
    text: `await exec.change('sync', ['--file-system', '--', ...one]);`,
    becomes: `await exec.read('true', []);`,
    foundBy: [
      {
        ...powerless('durability', 'there is .whatever was written before a sync'),
        says: /^expected undefined to deeply equal/,
      },
      {
        ...powerless('file-system', 'leaves an upgrade that is finished after the next boot'),
        says: /law [1-7]: /,
      },
    ],
  },
  {
    name: 'block-renamed',
    fault: 'an environment block is replaced by a rename instead of written in its place',
    law: 1,
    file: BOOT,
    text: 'block === undefined ? writeDurably(file, bytes, 0o644) : overwrite(file, bytes),',
    becomes: 'writeDurably(file, bytes, 0o644),',
    foundBy: [
      {
        ...contract('system', 'stays the same 1024 bytes of the same file for ever'),
        says: /^expected \{ id: .* to deeply equal \{ id:/,
      },
    ],
  },
  {
    name: 'block-not-synced',
    fault: 'a change of an environment block is not made durable',
    law: 4,
    file: BOOT,
    text: '    await handle.datasync();\n',
    becomes: '',
    foundBy: [
      {
        ...powerless('durability', 'there is .a change of an environment block'),
        says: /to deeply equal \{ tries: '2' \}/,
      },
    ],
  },
  {
    name: 'written-in-place',
    fault: 'state.yaml is written in its place',
    law: 4,
    file: 'src/system/linux/files.ts',
    text: 'doing(`write ${file}`, () => writeDurably(file, text, mode)),',
    becomes:
      'doing(`write ${file}`, async () => (await import("node:fs/promises")).writeFile(file, text, { mode })),',
    foundBy: [
      {
        ...contract('system', 'replaces a file by a new one'),
        says: /^expected 'new' to be 'old'/,
      },
    ],
  },
  {
    name: 'crosses-mounts',
    fault: 'a recursive delete crosses a mount point',
    law: 6,
    file: 'src/system/linux/files.ts',
    text: '      await refuseMounts(folder);\n',
    becomes: '',
    foundBy: [
      {
        ...contract('system', 'refuses to remove a tree with a mount below it'),
        says: /to match object \{ code: 'mount-busy' \}/,
      },
    ],
  },
  {
    name: 'hooks-outlive-us',
    fault: 'what a hook left behind lives on when the tool is killed',
    law: 5,
    file: 'src/system/linux/chroot.ts',
    text: `...['--pdeathsig', 'KILL', '--'],`,
    becomes: `...['--nnp', '--'],`,
    // Each of the two would do.
    also: [
      {
        file: 'src/system/linux/chroot.ts',
        text: 'exec cat > /dev/null',
        becomes: 'exec sleep 100000',
      },
    ],
    foundBy: [
      {
        ...contract('stages', 'leaves nothing behind when this program is killed'),
        says: /to throw/,
      },
    ],
  },
  {
    name: 'host-hook-outlives-us',
    fault: 'a hook of the running system goes on when the tool is killed',
    law: 5,
    file: 'src/system/linux/stages.ts',
    text: `return program === undefined ? [] : [program, '--pdeathsig', 'KILL', '--'];`,
    becomes: 'return program === undefined ? [] : [];',
    foundBy: [
      { ...contract('stages', 'takes a hook of the running system with it'), says: /to throw/ },
    ],
  },
  {
    name: 'mounts-outlive-us',
    fault: 'a command makes its mounts in the mount namespace of the machine',
    law: 5,
    file: 'src/cli/private-namespace.ts',
    text: `    'unshare',
    '--mount',
    '--propagation',
    'slave',
`,
    becomes: '',
    foundBy: [{ ...inProcess('process', 'leaves an abort that is finished'), says: /law 5/ }],
  },
  {
    name: 'lock-shared',
    fault: 'two processes can hold the lock at once',
    law: 4,
    file: 'state/lock.ts',
    text: `['-x', '-n', '3']`,
    becomes: `['-s', '-n', '3']`,
    foundBy: [
      { ...unit('state/lock', 'the lock is taken by one at a time'), says: /instead of rejecting/ },
    ],
  },
];
