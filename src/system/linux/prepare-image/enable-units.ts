/** Enables units as `systemctl --root` would, without it: by the presets that the image brings. */
import type { ImageFile } from './image-files.ts';
import type { ImageRoot } from './image-root.ts';

const UNITS = '/usr/lib/systemd/system/';
const ADMIN = '/etc/systemd/system/';
const PRESET = /^\/usr\/lib\/systemd\/system-preset\/[^/]+\.preset$/;
const SYSTEMD = ['/usr/lib/systemd/systemd', '/lib/systemd/systemd'];

/** Names of units that are enabled now. Empty without systemd; a masked unit stays masked. */
export async function enableUnits(
  root: ImageRoot,
  files: readonly ImageFile[],
): Promise<readonly string[]> {
  if (!(await hasSystemd(root))) return [];
  const enabled: string[] = [];
  for (const unit of presetUnits(files)) {
    if ((await root.files.readLink(`${ADMIN}${unit}`)) === '/dev/null') continue;
    const text = files.find(({ path }) => path === `${UNITS}${unit}`);
    for (const target of text === undefined ? [] : wantedBy(text)) {
      await root.link(`${ADMIN}${target}.wants/${unit}`, `${UNITS}${unit}`);
    }
    enabled.push(unit);
  }
  return enabled;
}

export async function hasSystemd(root: ImageRoot): Promise<boolean> {
  for (const path of SYSTEMD) if (await root.has(path)) return true;
  return false;
}

function presetUnits(files: readonly ImageFile[]): readonly string[] {
  return files
    .filter(({ path }) => PRESET.test(path))
    .flatMap((file) => [...textOf(file).matchAll(/^enable\s+(\S+)\s*$/gm)])
    .flatMap(([, unit]) => (unit === undefined ? [] : [unit]));
}

function wantedBy(file: ImageFile): readonly string[] {
  return [...textOf(file).matchAll(/^WantedBy=(.*)$/gm)].flatMap(([, targets = '']) =>
    targets.split(/\s+/).filter((target) => target !== ''),
  );
}

function textOf({ bytes }: ImageFile): string {
  return Buffer.from(bytes).toString('utf8');
}
