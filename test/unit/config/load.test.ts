import { describe, expect, it } from 'vitest';
import type { Environment } from '../../../src/config/environment.ts';
import type { GivenFlags } from '../../../src/config/flags.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { memoryReader } from './memory-reader.ts';

const CONFIG = '/etc/elemental/config.yaml';
const drop = (name: string) => `/etc/elemental/config.d/${name}`;
const flagKeys = {
  strict: 'strict',
  reboot: 'reboot',
  poweroff: 'poweroff',
  'system.uri': 'upgrade.system.uri',
  'squash-compression': 'squash-compression',
};

interface Given {
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: Environment;
  readonly flags?: GivenFlags;
}

const load = ({ files = {}, environment = {}, flags = {} }: Given) =>
  loadConfig({ reader: memoryReader(files), environment, flags, flagKeys });

const uriOf = async (given: Given) => (await load(given)).values.upgrade.system.uri;

describe('the configuration', () => {
  const layers = [
    { '/etc/os-release': 'UPGRADE.SYSTEM.URI=x\nSTRICT="true"\n' },
    { [CONFIG]: 'upgrade: {system: {uri: dir:/config}}' },
    { [drop('10-a.yaml')]: 'upgrade: {system: {uri: dir:/a}}' },
    { [drop('20-b.yaml')]: 'upgrade: {system: {uri: dir:/b}}' },
  ];
  const files = Object.assign({}, ...layers) as Record<string, string>;

  it('is the defaults when nothing is said', async () => {
    const { values, origins, warnings } = await load({});
    expect(values).toMatchObject({
      strict: false,
      reboot: false,
      'cloud-init-paths': [],
      upgrade: { recovery: false, system: {} },
      reset: { 'grub-entry-name': 'cOS' },
    });
    expect(origins.get('strict')).toBe('default');
    expect(warnings).toEqual([]);
  });

  it.each([
    ['config.yaml over the defaults', { [CONFIG]: files[CONFIG] ?? '' }, {}, {}, 'dir:/config'],
    ['the last drop-in over config.yaml', files, {}, {}, 'dir:/b'],
    ['the environment over files', files, { ELEMENTAL_UPGRADE_SYSTEM: 'dir:/env' }, {}, 'dir:/env'],
    ['an empty variable counts as not set', files, { ELEMENTAL_UPGRADE_SYSTEM: '' }, {}, 'dir:/b'],
    [
      'a given flag over the environment',
      files,
      { ELEMENTAL_UPGRADE_SYSTEM: 'dir:/env' },
      { 'system.uri': 'dir:/flag' },
      'dir:/flag',
    ],
  ])('takes %s', async (_, given, environment, flags, expected) => {
    expect(await uriOf({ files: given, environment, flags })).toBe(expected);
  });

  it('takes keys of os-release as top-level keys, below config.yaml', async () => {
    const release = { '/etc/os-release': 'ID=opensuse\nSTRICT="true"\nVERSION_ID=15.5\n' };
    const { values, origins, warnings } = await load({ files: release });
    expect(values.strict).toBe(true);
    expect(origins.get('strict')).toBe('/etc/os-release');
    expect(warnings).toEqual([]);
    const over = await load({ files: { ...release, [CONFIG]: 'strict: false' } });
    expect(over.values.strict).toBe(false);
  });

  it('lets a flag that was given as false win over a file', async () => {
    const { values } = await load({
      files: { [CONFIG]: 'strict: true' },
      flags: { strict: false },
    });
    expect(values.strict).toBe(false);
  });

  it('says where each value came from', async () => {
    const { origins } = await load({
      files,
      environment: { ELEMENTAL_REBOOT: 'true' },
      flags: { strict: true },
    });
    expect(origins.get('upgrade.system.uri')).toBe(drop('20-b.yaml'));
    expect(origins.get('reboot')).toBe('environment ELEMENTAL_REBOOT');
    expect(origins.get('strict')).toBe('flag --strict');
    expect(origins.get('poweroff')).toBe('default');
  });

  it('replaces lists and merges maps', async () => {
    const { values } = await load({
      files: {
        [CONFIG]: 'cloud-init-paths: [/a, /b]\nupgrade: {system: {label: ONE, uri: dir:/x}}',
        [drop('a.yaml')]: 'cloud-init-paths: [/c]\nupgrade: {system: {uri: dir:/y}}',
      },
    });
    expect(values['cloud-init-paths']).toEqual(['/c']);
    expect(values.upgrade.system).toEqual({ label: 'ONE', uri: 'dir:/y' });
  });

  it('reads keys in any case, and with dots', async () => {
    const { values } = await load({
      files: { [CONFIG]: 'Strict: yes\nupgrade.system.uri: dir:/dots\nUPGRADE: {Recovery: 1}' },
    });
    expect(values.strict).toBe(true);
    expect(values.upgrade).toMatchObject({ recovery: true, system: { uri: 'dir:/dots' } });
  });

  it.each([
    ['strict: "true"', true],
    ['strict: 1', true],
    ['strict: on', true],
    ['strict: "0"', false],
    ['strict: off', false],
    ['strict:', false],
  ])('reads the switch "%s" as %s', async (text, expected) => {
    const { values, warnings } = await load({ files: { [CONFIG]: text } });
    expect(values.strict).toBe(expected);
    expect(warnings).toEqual([]);
  });

  it('splits a text with commas where a list belongs', async () => {
    const { values } = await load({
      files: { [CONFIG]: 'cloud-init-paths: /a,/b' },
      environment: { ELEMENTAL_INSTALL_CLOUD_INIT: 'one,two' },
    });
    expect(values['cloud-init-paths']).toEqual(['/a', '/b']);
    expect(values.install['cloud-init']).toEqual(['one', 'two']);
  });

  it('only warns of a value of the wrong type, and keeps the value below', async () => {
    const { values, warnings } = await load({
      files: {
        [CONFIG]: 'strict: true\nupgrade: {system: {size: 3000}}',
        [drop('a.yaml')]: 'strict: maybe\nreboot: [1]\nupgrade: {system: {size: large}}',
      },
    });
    expect(values.strict).toBe(true);
    expect(values.upgrade.system.size).toBe(3000);
    expect(warnings).toEqual([
      {
        from: drop('a.yaml'),
        key: 'strict',
        text: 'expected boolean, received string; ignored',
        level: 'loud',
      },
      {
        from: drop('a.yaml'),
        key: 'reboot',
        text: 'expected boolean, received array; ignored',
        level: 'loud',
      },
      {
        from: drop('a.yaml'),
        key: 'upgrade.system.size',
        text: 'expected number, received string; ignored',
        level: 'loud',
      },
    ]);
  });

  it('warns when a map was expected', async () => {
    const { warnings } = await load({ files: { [CONFIG]: 'upgrade: now' } });
    expect(warnings).toEqual([
      { from: CONFIG, key: 'upgrade', text: 'expected a map, got string; ignored', level: 'loud' },
    ]);
  });

  it('mentions unknown keys only quietly, for other tools read the same file', async () => {
    const { warnings } = await load({ files: { [CONFIG]: 'snapshotter: {type: btrfs}' } });
    expect(warnings).toMatchObject([{ key: 'snapshotter.type', level: 'quiet' }]);
  });

  it('leaves out .yml drop-ins and namesakes of files above, and says so', async () => {
    const { values, warnings } = await load({
      files: {
        [CONFIG]: 'strict: false',
        [drop('a.yml')]: 'strict: true',
        [drop('config.yaml')]: 'strict: true',
        [drop('notes.txt')]: 'strict: true',
      },
    });
    expect(values.strict).toBe(false);
    expect(warnings.map(({ from }) => from)).toEqual([drop('a.yml'), drop('config.yaml')]);
  });

  it('warns of a named directory that is not there', async () => {
    const { warnings } = await loadConfig({
      reader: memoryReader({}),
      directory: '/etc/elementl',
      environment: {},
      flags: {},
      flagKeys,
    });
    expect(warnings).toEqual([
      {
        from: '/etc/elementl',
        text: 'there is no such directory; the defaults hold',
        level: 'loud',
      },
    ]);
  });

  it.each([
    ['broken YAML', { [CONFIG]: 'strict: [' }],
    ['a list instead of a map', { [CONFIG]: '- strict' }],
    ['a broken drop-in', { [drop('x.yaml')]: 'a: b: c' }],
    ['a .yaml in a subdirectory of config.d', { [drop('sub/x.yaml')]: 'strict: true' }],
  ])('stops with exit 31 at %s', async (_, given) => {
    await expect(load({ files: given })).rejects.toMatchObject({ exit: 31 });
  });

  it.each<[string, GivenFlags]>([
    ['--reboot --poweroff', { reboot: true, poweroff: true }],
    ['--system.uri --directory', { 'system.uri': 'dir:/a', directory: '/b' }],
    ['--docker-image --directory', { 'docker-image': 'a', directory: '/b' }],
    ['--cosign-key alone', { 'cosign-key': 'k.pub' }],
    [
      '--squash-compression --squash-no-compression',
      { 'squash-compression': ['x'], 'squash-no-compression': true },
    ],
  ])('refuses %s with exit 32', async (_, flags) => {
    await expect(load({ flags })).rejects.toMatchObject({ exit: 32, code: 'flags-contradict' });
  });

  it.each<[GivenFlags, string]>([
    [{ directory: '/tree' }, 'dir:/tree'],
    [{ 'docker-image': 'repo/os:1' }, 'docker:repo/os:1'],
  ])('rewrites the deprecated %j to the source %s', async (flags, expected) => {
    expect(await uriOf({ flags })).toBe(expected);
  });
});
