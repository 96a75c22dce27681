/** A program that boots the disk it is given, says so, and waits to be killed. Bundled by the test that runs it. */
import { bootDisk } from '../../../src/sandbox/boot.ts';

const [path = '', source = ''] = process.argv.slice(2);
void bootDisk(
  { path },
  { slot: 'active', userland: 'host', lend: { '/run/slotwright/next': source } },
).then((booted) => {
  booted.spawn(['sh', '-c', 'echo busy > /oem/busy; sleep 1000']);
  process.stdout.write(`${booted.device}\n`);
});
