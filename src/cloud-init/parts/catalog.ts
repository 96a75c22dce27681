import { authorizedKeys } from './authorized-keys.ts';
import { commands } from './commands.ts';
import { datasource } from './datasource.ts';
import { directories } from './directories.ts';
import { dns } from './dns.ts';
import { downloads } from './downloads.ts';
import { deleteEntities, ensureEntities } from './entities.ts';
import { environment } from './environment.ts';
import { files } from './files.ts';
import { git } from './git.ts';
import { hostname } from './hostname.ts';
import { layout } from './layout.ts';
import { modules } from './modules.ts';
import { packagePins } from './package-pins.ts';
import { packages } from './packages.ts';
import type { Part } from './part.ts';
import { sysctl } from './sysctl.ts';
import { systemctl } from './systemctl.ts';
import { systemdFirstboot } from './systemd-firstboot.ts';
import { timesyncd } from './timesyncd.ts';
import { unpackImages } from './unpack-images.ts';
import { users } from './users.ts';

/** All parts, in the order in which they run, whatever the order in the document. */
export const parts: readonly Part[] = [
  dns,
  downloads,
  git,
  ensureEntities,
  directories,
  files,
  commands,
  deleteEntities,
  hostname,
  sysctl,
  users,
  authorizedKeys,
  modules,
  timesyncd,
  systemctl,
  environment,
  systemdFirstboot,
  datasource,
  layout,
  packagePins,
  packages,
  unpackImages,
];
