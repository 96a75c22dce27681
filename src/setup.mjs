/**
 * What `npm start`, `npm test` and their like run. Plain JavaScript without dependencies, because it runs before there
 * are any: it sets up what its task needs, says in one line each what it did, and hands over.
 */
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const BUNDLE = 'dist/slotwright.cjs';
const IMAGE = 'dist/image';
const LIBRARY = 'dist/testing';
const OLDEST_NODE = [20, 12];

/** System tools by task: the Debian package and a program, or an absolute path, that shows it is there. */
const SANDBOX_TOOLS = {
  'util-linux': 'unshare',
  mount: 'mount',
  fdisk: 'sfdisk',
  e2fsprogs: 'mke2fs',
  mmdebstrap: 'mmdebstrap',
  rpm: 'rpmbuild',
  'createrepo-c': 'createrepo_c',
};
/** Disks that boot are built for PCs; elsewhere those packages do not even exist. */
const DISK_TOOLS =
  process.arch === 'x64'
    ? {
        'grub-common': 'grub-mkimage',
        dosfstools: 'mkfs.vfat',
        mtools: 'mcopy',
        'grub-pc-bin': '/usr/lib/grub/i386-pc/boot.img',
        'grub-efi-amd64-bin': '/usr/lib/grub/x86_64-efi/normal.mod',
      }
    : {};
const VECTOR_TOOLS = {
  'util-linux': 'unshare',
  mount: 'mount',
  mmdebstrap: 'mmdebstrap',
  'busybox-static': 'busybox',
};
const TEST_TOOLS = {
  ...SANDBOX_TOOLS,
  'busybox-static': 'busybox',
  xfsprogs: 'mkfs.xfs',
  'squashfs-tools': 'mksquashfs',
  'grub-common': 'grub-editenv',
  acl: 'setfacl',
  rsync: 'rsync',
  policycoreutils: 'setfiles',
  attr: 'setfattr',
  'libcap2-bin': 'setcap',
  shellcheck: 'shellcheck',
  xorriso: 'xorriso',
  ...DISK_TOOLS,
  ...(process.arch === 'x64' ? { 'qemu-system-x86': 'qemu-system-x86_64' } : {}),
  'qemu-utils': 'qemu-img',
};
/** What pages are looked at with. By itself: where there is none, everything else is installed all the same. */
const BROWSER_TOOLS = { chromium: '/usr/bin/chromium' };
const VM_TOOLS = {
  ...SANDBOX_TOOLS,
  ...DISK_TOOLS,
  'busybox-static': 'busybox',
  'squashfs-tools': 'mksquashfs',
  xorriso: 'xorriso',
  'qemu-system-x86': 'qemu-system-x86_64',
  ovmf: '/usr/share/OVMF/OVMF_CODE_4M.fd',
};

/** Packages in the older format ask for built-in modules with `require`, which modules do not have. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** Every level that needs no virtual machine. */
const PROOFS = ['test/crash', 'test/power'];

const TASKS = {
  start: (args) => {
    installSystemTools(SANDBOX_TOOLS);
    build();
    return run(process.execPath, [BUNDLE, 'sandbox', 'demo', ...args]);
  },
  test: (args) => {
    installSystemTools(TEST_TOOLS);
    installSystemTools(BROWSER_TOOLS);
    build();
    const checks = check();
    return Math.max(checks, test(args));
  },
  build: () => {
    build();
    return 0;
  },
  pack: () => {
    build();
    library();
    return 0;
  },
  check: () => check(),
  bench: (args) => {
    installSystemTools(SANDBOX_TOOLS);
    build();
    return run(process.execPath, [program('test/bench/main.ts', 'bench'), ...args]);
  },
  vm: (args) => {
    installSystemTools(VM_TOOLS);
    build();
    return run(process.execPath, [program('test/vm/main.ts', 'vm'), ...args]);
  },
  mutants: (args) => {
    installSystemTools(TEST_TOOLS);
    const runner = program('test/mutations/main.ts', 'mutants');
    return run(process.execPath, [runner, ...args]);
  },
  'prove:full': (args) => {
    installSystemTools(TEST_TOOLS);
    build();
    process.env.SLOTWRIGHT_EXTENT = 'full';
    return test(args.some((arg) => !arg.startsWith('-')) ? args : [...PROOFS, ...args]);
  },
  histories: (args) => {
    installSystemTools(TEST_TOOLS);
    build();
    return run(process.execPath, [program('test/histories/record.ts', 'histories'), ...args]);
  },
  vectors: (args) => {
    installSystemTools(VECTOR_TOOLS);
    return run(process.execPath, [program('test/vectors/run.ts', 'vectors'), ...args]);
  },
};

main();

function main() {
  const [task = '', ...args] = process.argv.slice(2);
  process.chdir(ROOT);
  if (!Object.hasOwn(TASKS, task))
    stop(`usage: node src/setup.mjs ${Object.keys(TASKS).join('|')}`);
  checkNode();
  installPackages();
  process.exit(TASKS[task](args));
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  stop(
    `Node ${process.versions.node} is too old: slotwright needs Node ${OLDEST_NODE.join('.')} or newer`,
  );
}

/** npm packages, exactly those of package-lock.json, when they are missing or older than it. */
function installPackages() {
  // What a link leads to belongs to another checkout: `npm ci` would empty it first.
  if (lstatSync('node_modules', { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const installed = 'node_modules/.package-lock.json';
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync('package-lock.json').mtimeMs)
    return;
  say('installing npm packages (npm ci)');
  const npm = process.env.npm_execpath;
  const [file, before] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  const flags = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  if (run(file, [...before, ...flags]) !== 0) {
    stop('npm ci failed: is the registry reachable? `npm config get registry` names it');
  }
}

/** Missing system tools: installed where we may, named where we may not. Never a reason to stop. */
function installSystemTools(tools) {
  const missing = Object.keys(tools).filter((name) => !isProgram(tools[name]));
  if (missing.length === 0) return;
  const install = ['install', '--yes', '--no-install-recommends', ...missing];
  const advice = `apt-get install --no-install-recommends ${missing.join(' ')}`;
  if (!isProgram('apt-get'))
    return say(`missing system tools (Debian names): ${missing.join(' ')}`);
  if (process.getuid?.() !== 0)
    return say(`missing system tools; to have the real thing: sudo ${advice}`);
  say(`installing system tools: ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const quiet = ['-qq', '-o', 'Dpkg::Use-Pty=0', '-o', 'DPkg::Lock::Timeout=120'];
  for (const args of [['update'], install]) {
    const { status, stdout, stderr } = spawnSync('apt-get', [...quiet, ...args], {
      env,
      encoding: 'utf8',
    });
    if (status === 0) continue;
    say(`apt-get ${args[0]} failed: ${lastLine(stderr || stdout)}`);
    if (args !== install) continue;
    say(`going on without; by hand: ${advice}`);
  }
}

/** The one file that runs, and beside it the files that it lays over the root of an image. */
function build() {
  bundle({
    entryPoints: ['src/main.ts'],
    outfile: BUNDLE,
    format: 'cjs',
    banner: { js: '#!/usr/bin/env node' },
    // A third less to parse at every start; nothing here goes by the name of a class or function.
    minify: true,
    legalComments: 'none',
  });
  chmodSync(BUNDLE, 0o755);
  rmSync(IMAGE, { recursive: true, force: true });
  cpSync('src/boot/image', IMAGE, { recursive: true });
}

/** `slotwright/testing`: modules for the tests of others, and their types. */
function library() {
  rmSync(LIBRARY, { recursive: true, force: true });
  bundle({
    entryPoints: { index: 'src/testing/index.ts', vitest: 'src/testing/vitest.ts' },
    outdir: LIBRARY,
    outExtension: { '.js': '.mjs' },
    chunkNames: '[name]-[hash]',
    format: 'esm',
    splitting: true,
    external: ['vitest'],
    banner: { js: REQUIRE },
  });
  const types = ['-p', 'src/testing/tsconfig.json', '--outDir', `${LIBRARY}/types`];
  if (run('node_modules/.bin/tsc', types) !== 0) stop('the types of the library failed');
}

/** A program of the checkout as one file that this Node can run; for those who work on it. */
function program(entry, name) {
  const outfile = `dist/${name}.mjs`;
  bundle({
    entryPoints: [entry],
    outfile,
    format: 'esm',
    external: ['esbuild'],
    banner: { js: REQUIRE },
  });
  return outfile;
}

/** The commit it is built from, where git knows it; an unpacked archive has none. */
function commit() {
  const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' });
  return status === 0 ? { SLOTWRIGHT_COMMIT: JSON.stringify(stdout.trim()) } : {};
}

function bundle(options) {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  const esbuild = createRequire(import.meta.url)('esbuild');
  try {
    esbuild.buildSync({
      bundle: true,
      platform: 'node',
      target: 'node20',
      define: { SLOTWRIGHT_VERSION: JSON.stringify(version), ...commit() },
      logLevel: 'warning',
      ...options,
    });
  } catch {
    stop('the build failed');
  }
}

/** Format, lint, types. Every one runs, whatever the others say. */
function check() {
  const results = [
    stage('format', [tool('prettier/bin/prettier.cjs'), '--check', '--log-level=warn', '.']),
    stage('lint', [tool('eslint/bin/eslint.js'), '.']),
    stage('types', [tool('typescript/bin/tsc'), '--noEmit']),
  ];
  return Math.max(...results);
}

/** All tests, or those that the arguments select. Ends with one plain line that a program can read. */
function test(args) {
  const folder = mkdtempSync(join(tmpdir(), 'slotwright-test-'));
  const report = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const code = stage('tests', [tool('vitest/vitest.mjs'), 'run', ...reporters, ...args]);
    const { passed, failed, skipped } = count(report);
    console.log(`slotwright: ${passed} passed, ${failed} failed, ${skipped} skipped`);
    return code === 0 && failed > 0 ? 1 : code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file that could not be loaded has no tests to count: it counts as one failure. */
function count(report) {
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const result = JSON.parse(readFileSync(report, 'utf8'));
  const broken = result.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + broken.length,
    skipped: result.numPendingTests + (result.numTodoTests ?? 0),
  };
}

function stage(name, args) {
  const start = performance.now();
  const code = run(process.execPath, args);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  say(`${name}: ${code === 0 ? 'ok' : `failed (exit code ${code})`}, ${seconds} s`);
  return code;
}

/** Runs a program on our own terminal; a signal counts as failure. */
function run(file, args) {
  const { status, error } = spawnSync(file, args, { stdio: 'inherit' });
  if (error) say(`${file}: ${error.message}`);
  return status ?? 1;
}

function tool(path) {
  return join('node_modules', path);
}

function isProgram(name) {
  if (name.startsWith('/')) return existsSync(name);
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => isExecutable(join(folder, name)));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function lastLine(text) {
  return text.trim().split('\n').at(-1) ?? '';
}

function say(line) {
  console.log(`setup: ${line}`);
}

function stop(reason) {
  console.error(`setup: ${reason}`);
  process.exit(1);
}
