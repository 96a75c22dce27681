import { describe, expect, it } from 'vitest';
import { asksBack } from '../../../src/cloud-init/lint/asks-back.ts';
import { lintTexts } from '../../../src/cloud-init/lint/lint.ts';
import { lintSources } from '../../../src/cloud-init/lint/lint-sources.ts';
import { memoryTarget } from '../../support/cloud-init/memory-target.ts';

/** Severity and code of what is found; the text is given with a `§` at each place where something must be found. */
function found(marked: string): { readonly codes: string[]; readonly marked: string } {
  const text = marked.replaceAll('§', '');
  const findings = lintTexts([{ name: 'f', text }]);
  const lines = text.split('\n');
  for (const { line, column } of findings.flatMap(({ at }) => at ?? []).reverse()) {
    const old = lines[line - 1] ?? '';
    lines[line - 1] = `${old.slice(0, column - 1)}§${old.slice(column - 1)}`;
  }
  const codes = findings.map(({ severity, code }) => `${severity} ${code}`);
  return { codes, marked: lines.join('\n') };
}

/** A step of the stage `boot`. */
const step = (text: string, mark = '') => `stages: {boot: [${mark}{${text}}]}`;
const file = (text: string) => step(`files: [{path: /a, permissions: 0644, ${text}}]`);

describe('lint finds', () => {
  it.each([
    ['a text that is no YAML', 'stages: {§', ['error syntax']],
    ['a wrong type', step('commands: §x'), ['error wrong-type']],
    [
      'a wrong type in every stage',
      'stages: {boot: §1, fs: §2}',
      ['error wrong-type', 'error wrong-type'],
    ],
    ['a negative number', file('owner: §-1'), ['error wrong-type']],
    ['a quoted number', file('owner: §"0"'), ['warning quoted-value']],
    [
      'a quoted truth',
      step('git: {url: u, path: /g, branch_only: §"yes"}'),
      ['warning quoted-value'],
    ],
    ['a mode in letters', step('files: [{path: /a, permissions: §"u+x"}]'), ['error wrong-type']],
    ['a colon in a text without quotes', step('commands: [§a: b]'), ['error wrong-type']],
    ['a wish that is no mapping', step('commands: [x], after: [§first]'), ['error wrong-type']],
    ['a wish without a name', step('commands: [x], after: [§{}]'), ['error unknown-step']],
    ['a host name that is none', step('hostname: §my host'), ['error bad-host-name']],
    ['a stage at the top', '§boot: [{commands: [x]}]', ['warning unknown-key']],
    ['an unknown key', step('commands: [x], §comands: [y]'), ['warning unknown-key']],
    ['a key that is given twice', step('commands: [x], §commands: [y]'), ['warning duplicate-key']],
    ['cloud-config without its header', '§runcmd: [x]', ['warning unknown-key']],
    ['a second document', 'stages: {}\n---\n§stages: {}\n', ['warning second-document']],
    ['a mode in decimal', step('files: [{path: /a, permissions: §644}]'), ['warning decimal-mode']],
    [
      'a mode in decimal that is small enough to be one',
      step('files: [{path: /a, permissions: §400}]'),
      ['warning decimal-mode'],
    ],
    ['no mode', step('directories: [§{path: /a}]'), ['warning no-permissions']],
    ['no path', step('files: [§{permissions: 0644}]'), ['error missing-key']],
    ['a relative path', step('environment_file: §x, environment: {A: b}'), ['error relative-path']],
    ['an unknown encoding', file('encoding: §b46'), ['error unknown-word']],
    [
      'content that is not of its encoding',
      file('encoding: b64, content: §"?"'),
      ['error bad-content'],
    ],
    ['a template that does not parse', step("commands: [§'{{ .a ']"), ['error template']],
    [
      'a template with an unknown function',
      step("if: §'{{ nope }}', commands: [x]"),
      ['error template'],
    ],
    [
      'a template in encoded content',
      file('encoding: b64, content: §e3sgbm9wZSB9fQ=='),
      ['error template'],
    ],
    [
      'braces that were meant for another program',
      step("commands: [§'podman ps --format {{.Names}}']"),
      ['warning template-data'],
    ],
    ['a call that asks back', step('commands: [§zypper in vim]'), ['warning asks-back']],
    ['a bad expression', step('node: §"[", commands: [x]'), ['warning bad-expression']],
    ['look-ahead', step('node: §"^(?=b)", commands: [x]'), ['note look-around']],
    [
      'a condition on files of an unknown kind',
      step('§if_files: {§anny: [/x]}, commands: [x]'),
      ['note newer-key', 'warning bad-key'],
    ],
    [
      'a service manager that nobody has',
      step('§only_service_manager: §runit, commands: [x]'),
      ['note newer-key', 'warning unknown-word'],
    ],
    ['a key of ours alone', file('§append: true'), ['note own-key']],
    ['the documented spelling', file('§owner_string: root'), ['note spelling']],
    ['a name that is no variable', step('environment: {§"A=B": c}'), ['error bad-key']],
    ['a bad login name', step('users: {§"a:b": {}}'), ['error bad-key']],
    ['a password in clear', step('users: {ada: {passwd: §x}}'), ['note plain-password']],
    [
      'an address that is none',
      step('downloads: [{path: /a, url: §ftp://x, permissions: 0644}]'),
      ['error bad-address'],
    ],
    [
      'an entity that is none',
      step('ensure_entities: [{entity: §"kind: usr"}]'),
      ['error bad-entity'],
    ],
    ['a unit that is a flag', step('systemctl: {enable: [§--now]}'), ['error bad-unit']],
    [
      'a drop-in without content',
      step('systemctl: {§overrides: [§{service: x}]}'),
      ['note newer-key', 'warning missing-key'],
    ],
    ['a step that does nothing', step('name: x', '§'), ['note empty-step']],
    [
      'a stage that nobody runs',
      'stages: {§after-upgrad: [{commands: [x]}]}',
      ['warning unknown-stage'],
    ],
    [
      'a unit that is started in a new image',
      'stages: {after-upgrade-chroot: [{systemctl: {start: [§x]}}]}',
      ['warning start-in-chroot'],
    ],
    [
      'a disk that is divided in a new image',
      'stages: {after-upgrade-chroot: [{layout: §{device: {path: /dev/x}}}]}',
      ['error layout-in-chroot'],
    ],
    [
      'a layout without a disk',
      step('layout: §{expand_partition: {size: 0}}'),
      ['warning no-disk'],
    ],
    [
      'a file system that nobody knows',
      step('layout: {device: {path: /dev/x}, add_partitions: [{fsLabel: A, filesystem: §ext5}]}'),
      ['error unknown-word'],
    ],
    [
      'a partition that no later run would know again',
      step('layout: {device: {path: /dev/x}, add_partitions: [§{size: 10}]}'),
      ['error bad-partition'],
    ],
    [
      'a label that is too long for its file system',
      step('layout: {device: {path: /dev/x}, add_partitions: [§{fsLabel: ABCDEFGHIJKLMNOPQ}]}'),
      ['error bad-partition'],
    ],
    [
      'a container image that cannot be fetched',
      step('§unpack_images: [§{source: "quay.io/x/y:1", target: /srv}]'),
      ['note newer-key', 'error bad-image-source'],
    ],
    [
      'a step that is not there',
      'name: g\nstages: {boot: [{name: a, commands: [x], after: [§{name: g.b}]}]}',
      ['error unknown-step'],
    ],
    [
      'a step of a file that is not there, which it cannot judge',
      'name: g\nstages: {boot: [{name: a, commands: [x], after: [§{name: h.b}]}]}',
      ['warning unknown-step'],
    ],
    [
      'a cycle',
      'name: g\nstages: {boot: [{name: a, commands: [x], after: [§{name: g.a}]}]}',
      ['error cycle'],
    ],
  ])('%s', (_, text, wanted) => {
    expect(found(text)).toEqual({ codes: wanted, marked: text });
  });

  it('the same in cloud-config', () => {
    const text = [
      '#cloud-config',
      'hostname: "{{ .Values.x "',
      'users: [default, {name: ada, passwd: word}]',
      'write_files: [{path: a, encoding: b46}]',
      'runcmd: [apt install vim, [apt, install, vim]]',
      'bootcmd: [x]',
      'stages: {boot: [{comands: [x]}]}',
    ].join('\n');
    expect(found(text).codes).toEqual([
      'error template',
      'warning no-default-user',
      'note plain-password',
      'warning no-permissions',
      'error relative-path',
      'error unknown-word',
      'warning asks-back',
      'warning unknown-key',
      'warning unknown-key',
    ]);
  });

  it.each([
    '',
    '# nothing\n',
    step('commands: [echo x]'),
    file('content: "{{ .Values.node.hostname }}"'),
    step('files: [{path: /a, permissions: 420}]'),
    step("hostname: '{{ .UUID }}'"),
    step("commands: ['{{ range .Values.storage }}{{ .name }}{{ end }}']"),
    'stages: {rootfs.before: [{commands: [x]}], after-reset-chroot.after: [{commands: [x]}]}',
  ])('nothing in %j', (text) => {
    expect(found(text).codes).toEqual([]);
  });
});

describe('lint', () => {
  it('says what was expected', () => {
    const expected = (text: string) => lintTexts([{ name: 'f', text }])[0]?.expected;
    expect(expected(file('encoding: bas64'))).toBe('base64');
    expect(expected(file('permsisions: 0644'))).toBe('permissions');
    expect(expected(step('files: [{path: /a, permissions: 755}]'))).toBe('0755');
    expect(expected(step('commands: [apt-get install -q vim]'))).toBe('apt-get -y install');
  });

  it('looks for the steps of `after` in all files', () => {
    const text = (name: string, after: string) =>
      `name: ${name}\nstages: {boot: [{name: s, commands: [x], after: [{name: ${after}}]}]}`;
    const texts = [
      { name: '1', text: 'name: a\nstages: {boot: [{name: s, commands: [x]}]}' },
      { name: '2', text: text('b', 'a.s') },
      { name: '3', text: text('c', 'a.t') },
    ];
    expect(lintTexts(texts).map((finding) => [finding.file, finding.code])).toEqual([
      ['3', 'unknown-step'],
    ]);
  });

  it('reads directories, standard input and texts, and names files as they were given', async () => {
    const target = memoryTarget({
      files: { '/work/d/a.yaml': step('name: x'), '/work/d/b.txt': '{', '/work/empty/x': '' },
    });
    const lint = async (...sources: readonly string[]) =>
      lintSources({
        sources,
        target,
        stdin: async () => 'stages: 3',
        signal: new AbortController().signal,
      });
    expect(await lint('d', '/work/d/a.yaml', 'stages: {boot: [{name: x}]}')).toMatchObject({
      files: ['d/a.yaml', '/work/d/a.yaml', '<argument>'],
      findings: [{ file: 'd/a.yaml' }, { file: '/work/d/a.yaml' }, { file: '<argument>' }],
    });
    expect((await lint('-')).findings).toMatchObject([{ file: '<STDIN>', code: 'wrong-type' }]);
    expect((await lint('empty', 'no.yaml')).findings).toMatchObject([
      { file: 'empty', severity: 'error', code: 'unreadable' },
      { file: 'no.yaml', severity: 'error', code: 'unreadable' },
    ]);
    expect(target.calls).toEqual([]);
  });
});

describe('a package manager', () => {
  it.each([
    'zypper in vim',
    'set -e\nzypper --gpg-auto-import-keys install vim',
    'cd /tmp && DEBIAN_FRONTEND=noninteractive apt-get install -q vim',
    'if ! dnf install vim; then true; fi',
    'pacman -Syu',
    '/usr/bin/apt remove vim | cat',
    'transactional-update pkg in vim',
  ])('asks back in %j', (text) => {
    expect(asksBack(text)).toHaveLength(1);
  });

  it.each([
    'zypper in -y vim',
    'zypper -n in vim',
    'zypper ref',
    'apt-get -qqy install vim',
    'apt-get -o APT::Get::Assume-Yes=true install vim',
    'yes | apt install vim',
    'yum update -y && pacman -Sy --noconfirm',
    'pacman -S --noconfirm vim',
    'pacman -Ss vim',
    'echo zypper in vim',
    '# zypper in vim',
    'apt-cache search vim',
    'zypper install \\\n  -y vim',
  ])('does not ask back in %j', (text) => {
    expect(asksBack(text)).toEqual([]);
  });
});
