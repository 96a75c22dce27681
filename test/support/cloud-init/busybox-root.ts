import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A root with a shell and little else, in milliseconds. */
export function busyboxRoot(root: string): string {
  for (const name of ['bin', 'etc', 'proc', 'sys', 'dev', 'run', 'tmp', 'usr/local']) {
    mkdirSync(join(root, name), { recursive: true });
  }
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  for (const name of ['sh', 'echo', 'cat', 'sleep', 'touch', 'kill', 'ls', 'mount', 'true', 'ps']) {
    symlinkSync('busybox', join(root, 'bin', name));
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
  return root;
}
