import type { Decoder, PlacedText } from './decode/decoder.ts';
import {
  entries,
  flag,
  integer,
  list,
  permissions,
  placedText,
  text,
  valueText,
} from './decode/decoder.ts';
import { object } from './decode/object.ts';

const ownership = { permissions, owner: integer, group: integer, ownerstring: text };
/** The documentation says `owner_string`, the reference's code understands `ownerstring`. */
const spellings = { owner_string: 'ownerstring' } as const;

const entity = object({ path: text, entity: text });

export const readUser = object({
  name: text,
  passwd: text,
  ssh_authorized_keys: list(placedText),
  gecos: text,
  homedir: text,
  no_create_home: flag,
  primary_group: text,
  groups: list(text),
  no_user_group: flag,
  system: flag,
  no_log_init: flag,
  shell: text,
  lock_passwd: flag,
  uid: text,
});

const readFile = object(
  { path: text, content: text, encoding: text, append: flag, ...ownership },
  spellings,
);

const command: Decoder<Command> = placedText;

/** Every key that a step may have, in the order of the dialect's description. */
export const readStep = object({
  name: text,
  after: list(object({ name: text })),
  node: text,
  if: placedText,
  only_os: text,
  only_os_version: text,
  only_arch: text,
  only_service_manager: text,
  if_files: entries(list(text)),
  dns: object({ nameservers: list(text), search: list(text), options: list(text), path: text }),
  downloads: list(object({ path: text, url: text, timeout: integer, ...ownership }, spellings)),
  git: object({
    url: text,
    path: text,
    branch: text,
    branch_only: flag,
    auth: object({
      username: text,
      password: text,
      private_key: text,
      insecure: flag,
      public_key: text,
    }),
  }),
  ensure_entities: list(entity),
  directories: list(object({ path: text, ...ownership }, spellings)),
  files: list(readFile),
  commands: list(command),
  delete_entities: list(entity),
  hostname: placedText,
  sysctl: entries(text),
  users: entries(readUser),
  authorized_keys: entries(list(placedText)),
  modules: list(placedText),
  timesyncd: entries(text),
  systemctl: object({
    enable: list(placedText),
    disable: list(placedText),
    mask: list(placedText),
    start: list(placedText),
    overrides: list(object({ service: text, content: text, name: text })),
  }),
  environment: entries(valueText),
  environment_file: text,
  systemd_firstboot: entries(text),
  datasource: object({ providers: list(text), path: text, userdata_name: text }),
  layout: object({
    device: object({ label: text, path: text, init_disk: flag, disk_name: text }),
    expand_partition: object({ size: integer }),
    add_partitions: list(
      object({
        fsLabel: text,
        pLabel: text,
        size: integer,
        filesystem: text,
        bootable: flag,
      }),
    ),
  }),
  package_pins: entries(text),
  packages: object({ refresh: flag, upgrade: flag, install: list(text), remove: list(text) }),
  unpack_images: list(object({ source: text, target: text, platform: text })),
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
