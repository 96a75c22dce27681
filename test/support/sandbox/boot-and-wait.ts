/** A program that boots the disk it is given, says so, and waits to be killed. Bundled by the test that runs it. */
import { bootDisk } from '../../../src/sandbox/boot.ts';

const [path = '', source = ''] = process.argv.slice(2);
void bootDisk(
  { path },
  { slot: 'active', userland: 'host', lend: { '/run/slotwright/next': source } },
).then(async (booted) => {
  await booted.run(['sh', '-c', 'echo busy > /oem/busy']);
  booted.spawn(['sleep', '1000']);
  booted.spawn(['sh', '-c', 'kill -STOP $$']);
  process.stdout.write(`${booted.device}\n`);
});
