import { describe, expect, it } from 'vitest';
import { readDocument } from '../../../src/cloud-init/document.ts';

const read = (text: string, stage = 'default') => readDocument(text, { stage, notation: 'yaml' });

describe('a document of stages', () => {
  it('reads the sample of the field manual, with a warning that has both lines', () => {
    const text =
      'stages:\nname: "Install something"\nstages:\n   after-upgrade-chroot:\n     - commands:\n        - zypper in -y ...\n';
    const document = read(text, 'after-upgrade-chroot');
    expect(document).toMatchObject({ name: 'Install something', errors: [] });
    expect(document.steps[0]?.commands).toEqual([
      { text: 'zypper in -y ...', at: { line: 6, column: 11 } },
    ]);
    expect(document.warnings).toMatchObject([
      {
        message: '`stages` is given twice (lines 1 and 3); the last one counts',
        at: { line: 3, column: 1 },
      },
    ]);
  });

  it.each(['', '# nothing\n', 'stages:\n', 'stages: {default: }\n', '~'])(
    'has nothing to do for %j',
    (text) => {
      expect(read(text)).toEqual({ steps: [], errors: [], lost: [], warnings: [] });
    },
  );

  it('tells all wrong types of a stage, each with its place', () => {
    const text =
      'stages:\n  default:\n    - commands: echo x\n    - files:\n        - path: [/a]\n          permissions: rw\n';
    expect(read(text).errors).toMatchObject([
      {
        message: 'stages.default[0].commands must be a list, not "echo x"',
        at: { line: 3, column: 17 },
      },
      {
        message: 'stages.default[1].files[0].path must be a text, not a list',
        at: { line: 5, column: 17 },
      },
      {
        message: 'stages.default[1].files[0].permissions must be a mode such as 0644, not "rw"',
        at: { line: 6, column: 24 },
      },
    ]);
  });

  it('does not let a wrong type in another stage stop this one', () => {
    const document = read('stages:\n  other: nonsense\n  default: [{commands: [x]}]\n');
    expect(document.steps).toHaveLength(1);
    expect(document.errors).toEqual([]);
    expect(document.warnings).toMatchObject([{ at: { line: 2, column: 10 } }]);
  });

  it('points at a mistyped key and names what was meant', () => {
    const text = 'stages:\n  default:\n    - comands: [x]\n      files: [{permsisions: 0644}]\n';
    expect(read(text).warnings.map(({ message, at }) => [message, at?.line])).toEqual([
      ['unknown key `comands` in stages.default[0] has no effect, did you mean `commands`?', 3],
      [
        'unknown key `permsisions` in stages.default[0].files[0] has no effect, did you mean `permissions`?',
        4,
      ],
    ]);
  });

  it('takes a quoted mode, and warns of a decimal one', () => {
    const file = (mode: string) =>
      read(`stages: {default: [{files: [{path: /a, permissions: ${mode}}]}]}`);
    expect(file('"0644"').steps[0]?.files?.[0]?.permissions).toBe(0o644);
    expect(file('04755').steps[0]?.files?.[0]?.permissions).toBe(0o4755);
    expect(file('644').steps[0]?.files?.[0]?.permissions).toBe(0o204);
    expect(file('644').warnings[0]?.message).toMatch(/did you mean 0644\?/);
  });

  it.each(['- a\n- b\n', 'just words', '{{{{', 'stages: [a]', 'stages: 3'])(
    'refuses %j, which is no mapping of stages',
    (text) => {
      expect(read(text).errors).toHaveLength(1);
    },
  );
});

describe('a cloud-config document', () => {
  const config = [
    '# written by hand',
    '#cloud-config  ',
    'hostname: box',
    'users:',
    '  - default',
    '  - {name: ada, groups: "wheel, users", ssh_authorized_keys: [k1, "github:ada"]}',
    'ssh_authorized_keys: [k2]',
    'write_files:',
    '  - {path: /a, content: x, permissions: "755", owner: "ada:users"}',
    '  - {path: /b, content: y}',
    'runcmd:',
    '  - echo one',
    '  - [sh, -c, "echo two"]',
    'growpart: {devices: [/]}',
    'stages: {boot: [{commands: [three]}]}',
    'bootcmd: [x]',
  ].join('\n');

  it('becomes steps of the stages boot, initramfs and network', () => {
    const boot = read(config, 'boot');
    expect(boot.errors).toEqual([]);
    expect(boot.steps).toHaveLength(3);
    expect(boot.steps[0]).toMatchObject({
      commands: [{ text: 'echo one' }, { argv: ['sh', '-c', 'echo two'] }],
      files: [
        { path: '/a', permissions: 0o755, ownerstring: 'ada:users' },
        { path: '/b', permissions: 0o644 },
      ],
      users: [{ key: 'ada', value: { groups: ['wheel', 'users'] } }],
      authorized_keys: [{ key: 'ada', value: [{ text: 'k1' }, { text: 'k2' }] }],
    });
    expect(boot.steps[1]?.layout?.device?.path).toBe('/');
    expect(boot.steps[2]?.commands).toMatchObject([{ text: 'three' }]);
    expect(read(config, 'initramfs').steps[0]?.hostname?.text).toBe('box');
    expect(read(config, 'network').steps[0]?.authorized_keys).toMatchObject([
      { key: 'ada', value: [{ text: 'github:ada' }] },
    ]);
    expect(boot.warnings.map(({ message }) => message)).toContain(
      'unknown key `bootcmd` in cloud-config has no effect',
    );
  });

  it('is an ordinary document without its header', () => {
    expect(read(config.replace('#cloud-config', '# cloud-config'), 'boot').steps).toHaveLength(1);
  });
});

describe('dot notation', () => {
  const dot = (text: string) => readDocument(text, { stage: 's', notation: 'dot' });

  it('gives numbers and booleans to the fields that want them', () => {
    const text =
      's stages.s[0].files[0].path=/x stages.s[0].files[0].permissions=0640 stages.s[0].users.u.lock_passwd stages.s[0].users.u.uid=12';
    const [step] = dot(text).steps;
    expect(step?.files).toMatchObject([{ path: '/x', permissions: 0o640 }]);
    expect(step?.users).toMatchObject([{ key: 'u', value: { lock_passwd: true, uid: '12' } }]);
  });

  it('takes a value for data only, whatever letters it has', () => {
    const value = 'a" | .x = "b $(c) \\n {{ d }}';
    const quoted = `'${value}'`;
    expect(dot(`stages.s[0].commands[0]=${quoted}`).steps[0]?.commands?.[0]?.text).toBe(value);
  });

  it('names stages with dots in brackets', () => {
    const document = readDocument('stages["after-upgrade.before"][0].commands[0]="x y"', {
      stage: 'after-upgrade.before',
      notation: 'dot',
    });
    // The shell's quotes are gone when the key is read.
    expect(document.steps[0]?.commands).toMatchObject([{ text: 'x y' }]);
  });

  it('leaves out what is no key, and refuses what cannot both hold', () => {
    expect(dot('.. stages.s[0].name=n').warnings).toHaveLength(1);
    expect(dot('stages.s[0].name=n stages.s.x=y').errors).toMatchObject([{ code: 'conflict' }]);
    expect(dot('stages.s[0].name=n stages.s=y').errors).toMatchObject([{ code: 'conflict' }]);
    expect(dot('stages=x stages.s[0].name=n').errors[0]).toMatchObject({ code: 'conflict' });
    expect(dot('stages.s[5000].name=n').steps).toEqual([]);
    expect(dot('stages.s[0].name="open').errors).toHaveLength(1);
  });
});

describe('a cloud-config file', () => {
  const text = '#cloud-config\nruncmd: [one]\nstages: {boot: [{commands: two}]}\n';

  it('keeps its own keys when its stages cannot be read, and tells that', () => {
    const { steps, errors, lost } = read(text, 'boot');
    expect(steps.flatMap(({ commands = [] }) => commands.map((command) => command.text))).toEqual([
      'one',
    ]);
    expect(errors).toEqual([]);
    expect(lost).toMatchObject([{ code: 'wrong-type', at: { line: 3, column: 28 } }]);
  });

  it('is refused as a whole when one of its own keys cannot be read', () => {
    const wrong = '#cloud-config\nruncmd: one\nstages: {boot: [{commands: [two]}]}\n';
    expect(read(wrong, 'boot')).toMatchObject({ errors: [{ at: { line: 2, column: 9 } }] });
  });
});
