import type { Decoder, PlacedText } from './decode/decoder.ts';
import {
  byteText,
  entries,
  flag,
  holding,
  integer,
  list,
  permissions,
  placedText,
  says,
  text,
  valueText,
} from './decode/decoder.ts';
import { fileConditions, loginName, variableName } from './decode/key-rules.ts';
import { object } from './decode/object.ts';
import type { TextContent } from './decode/shape.ts';
import { providerNames } from './parts/datasource/names.ts';
import { contentEncodings } from './parts/encoding.ts';
import { fileSystemNames } from './parts/layout-file-systems.ts';

const path = (line: string) => says(line, holding({ what: 'path' }, text));
const placed = (what: Exclude<TextContent['what'], 'choice'>) => holding({ what }, placedText);

const ownership = {
  permissions: says('mode, in octal: `0644`', permissions),
  owner: says('number of the user, 0 when absent', integer),
  group: says('number of the group, 0 when absent', integer),
  ownerstring: says('`user` or `user:group`, by name or number of the target; wins', text),
};
/** The documentation says `owner_string`, the reference's code understands `ownerstring`. */
const spellings = { owner_string: 'ownerstring' } as const;

export const contentEncoding = {
  what: 'choice',
  words: contentEncodings,
  letterCase: 'exact',
  otherwise: 'fails',
} as const;

const entity = object(
  {
    path: path('account file; the usual one of the kind when absent'),
    entity: says(
      'a YAML text with a `kind`: user, group, shadow or gshadow',
      holding({ what: 'entity' }, text),
    ),
  },
  { needs: ['entity'] },
);

export const readUser = object({
  name: says('ignored: the key is the login name', text),
  passwd: says(
    'a hash (`$6$...`), a lock (`!`, `*`), or the word itself, which is hashed; absent: locked',
    holding({ what: 'password' }, text),
  ),
  ssh_authorized_keys: says('as in `authorized_keys`', list(placedText)),
  gecos: says('full name', text),
  homedir: path('home; below the HOME of /etc/default/useradd when absent'),
  no_create_home: says('makes no home', flag),
  primary_group: says("an existing group; without it one of the user's name is made", text),
  groups: says('further groups; one that is not there is told and left out', list(text)),
  no_user_group: says('`users` is the primary group', flag),
  system: says("an id of the system's range", flag),
  no_log_init: says('no effect', flag),
  shell: says('login shell; SHELL of /etc/default/useradd, else `/bin/sh`, when absent', text),
  lock_passwd: says('no login by password; of an existing user, too', flag),
  uid: says('a number; a free one, or the owner of an existing home, when absent', text),
});

const readFile = object(
  {
    path: path('absolute; links inside the target are followed'),
    content: says(
      'text, or what `encoding` says; then filled in',
      holding({ what: 'content' }, byteText),
    ),
    encoding: says(
      contentEncodings.map((word) => `\`${word}\``).join(', '),
      holding(contentEncoding, text),
    ),
    append: says('adds to the file instead of replacing it', flag, 'only here'),
    ...ownership,
  },
  { aliases: spellings, needs: ['path'] },
);

const command: Decoder<Command> = placed('command');

const dns = object({
  nameservers: says('without one nothing is done', list(text)),
  search: says('search domains', list(text)),
  options: says('`ndots:1` and the like', list(text)),
  path: path('another file than /etc/resolv.conf'),
});

const download = object(
  {
    path: path("a file, or a directory, which takes the server's name of the file"),
    url: says('HTTP or HTTPS', holding({ what: 'address' }, text)),
    timeout: says('seconds, 0 for no limit', integer),
    ...ownership,
  },
  { aliases: spellings, needs: ['path', 'url'] },
);

const git = object({
  url: says('without it nothing is done', text),
  path: path('where the clone is'),
  branch: says('the default one when absent', text),
  branch_only: says('fetches this branch alone', flag),
  auth: says(
    'how to sign in',
    object({
      username: text,
      password: text,
      private_key: says('switches to SSH', text),
      insecure: says('checks no host key and no certificate', flag),
      public_key: says('the host key to expect', text),
    }),
  ),
});

const directory = object(
  { path: path('absolute; parents are made'), ...ownership },
  { aliases: spellings, needs: ['path'] },
);

const systemctl = object({
  enable: list(placed('unit')),
  disable: list(placed('unit')),
  mask: list(placed('unit')),
  start: says('not inside a new image', list(placed('unit'))),
  overrides: says(
    'drop-ins below /etc/systemd/system',
    list(
      object(
        {
          service: says('`.service` is added', text),
          content: byteText,
          name: says('file name; `override-yip.conf` when absent', text),
        },
        { needs: ['service', 'content'], otherwise: 'skips' },
      ),
    ),
    'v1.13.0',
  ),
});

const layout = object({
  device: says(
    'the disk',
    object({
      label: says('of a file system or partition on it; must be on one disk only', text),
      path: says(
        'its node, a mount point on it, or `script://` and shell text that prints it',
        text,
      ),
      init_disk: says('writes an empty GPT where there is no table', flag, 'v1.19.0'),
      disk_name: says('the GUID of the new table is made of it', text, 'v1.19.0'),
    }),
  ),
  expand_partition: says(
    'grows the last partition and its file system, before anything is added',
    object({ size: says('MiB that it is to have, 0 for all', integer) }),
  ),
  add_partitions: says(
    'behind the last one; one whose label is there is left out',
    list(
      object({
        fsLabel: says('label of the file system', text),
        pLabel: says('label of the partition', text),
        size: says('MiB, 0 for the rest', integer),
        filesystem: says(
          'ext4 when absent; none, noformat and - leave it as it is',
          holding(
            { what: 'choice', words: fileSystemNames, letterCase: 'exact', otherwise: 'fails' },
            text,
          ),
        ),
        bootable: says('boot partition of its kind', flag, 'v1.19.0'),
      }),
    ),
  ),
});

const packages = object({
  refresh: says('reads the lists anew', flag),
  upgrade: says('upgrades everything', flag, 'v1.14.1'),
  install: says('names; filled in', list(holding({ what: 'template' }, text))),
  remove: says('names; filled in', list(holding({ what: 'template' }, text))),
});

const serviceManagers = {
  what: 'choice',
  words: ['systemd', 'openrc'],
  letterCase: 'any',
  otherwise: 'skips',
} as const;

const expression = (line: string, ...since: readonly ['v1.14.0' | 'v1.14.1'] | readonly []) =>
  says(line, holding({ what: 'expression' }, text), ...since);

/** Every key that a step may have, in the order of the dialect's description. */
export const readStep = object({
  name: says('label; with the name of the file it is what `after` names', text),
  after: says(
    'steps that must have ended before, in the place of the one before in the list',
    list(object({ name: says('graph name: `file.step`', holding({ what: 'step' }, text)) })),
  ),
  node: expression('regular expression searched in the host name'),
  if: says('shell text; the step runs when it ends with exit code 0', placed('template')),
  only_os: expression('regular expression searched in the name of the system', 'v1.14.0'),
  only_os_version: expression('the same for its version', 'v1.14.0'),
  only_arch: expression('the same for the architecture: `amd64`, `arm64`', 'v1.14.1'),
  only_service_manager: says('`systemd` or `openrc`', holding(serviceManagers, text), 'v1.14.1'),
  if_files: says(
    '`any`, `all` or `none` of these paths exist',
    entries(list(holding({ what: 'path' }, text)), fileConditions),
    'v1.18.0',
  ),
  dns: says("replaces the resolver's file", dns),
  downloads: says('fetches files', list(download)),
  git: says('clones a repository, or brings a clone up to date', git),
  ensure_entities: says('adds or replaces lines of the account files', list(entity)),
  directories: says('makes directories', list(directory)),
  files: says('writes files, each in one go', list(readFile)),
  commands: says('shell texts, one shell each', list(command)),
  delete_entities: says('takes lines out of the account files', list(entity)),
  hostname: says('name of the machine; a template with data of its own', placed('host-name')),
  sysctl: says('kernel parameters', entries(text)),
  users: says(
    'makes users; of an existing one only the password changes',
    entries(readUser, loginName),
  ),
  authorized_keys: says(
    'keys of a user: a line, an address, `github:NAME`, `gitlab:NAME`',
    entries(list(placedText)),
  ),
  modules: says('kernel modules, with parameters', list(placedText)),
  timesyncd: says('keys of the section `[Time]`', entries(text)),
  systemctl: says('enables, disables, masks, starts units, in this order', systemctl),
  environment: says(
    'variables of a file; not given to commands',
    entries(holding({ what: 'template' }, valueText), variableName),
  ),
  environment_file: path('another file than /etc/environment'),
  systemd_firstboot: says('settings of systemd-firstboot; `true` is a bare flag', entries(text)),
  datasource: says(
    'takes user data, host name and keys of a provider into /run/config',
    object({
      providers: says(
        'media first, then the others at once: the first in the list that answers counts',
        list(
          holding(
            { what: 'choice', words: providerNames, letterCase: 'exact', otherwise: 'skips' },
            text,
          ),
        ),
      ),
      path: path(
        'with `file` in the list: the file; else where user data goes, /run/config when absent',
      ),
      userdata_name: says('`userdata.yaml` when absent', text, 'v1.16.4'),
    }),
  ),
  layout: says('partitions of a disk; not in a chroot', layout),
  package_pins: says('versions at which packages are held', entries(text), 'v1.22.0'),
  packages: says('refresh, upgrade, install, remove, in this order', packages, 'v1.13.0'),
  unpack_images: says(
    'copies the trees of images into directories',
    list(
      object(
        {
          source: says(
            '`dir:/PATH`, or `file:/PATH` of a file with an ext or squashfs file system',
            text,
          ),
          target: path('directory'),
          platform: says('no effect: a tree is taken as it is', text),
        },
        { needs: ['source', 'target'], otherwise: 'skips' },
      ),
    ),
    'v1.14.0',
  ),
});

/** One step of a stage: conditions, and what to do in which part. */
export type Step = ReturnType<typeof readStep>;

export type FileEntry = ReturnType<typeof readFile>;
export type UserEntry = ReturnType<typeof readUser>;
export type EntityEntry = ReturnType<typeof entity>;

/** A shell text, or (only from cloud-config's list form) a program with its arguments. */
export interface Command extends PlacedText {
  readonly argv?: readonly [string, ...string[]];
}
