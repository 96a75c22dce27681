import { readDocument } from '../document.ts';
import { EntryError } from './entry-error.ts';
import { makeParents } from './parents.ts';
import type { Part, PartContext } from './part.ts';
import { targetPath } from './target-path.ts';

const directory = '/run/config';
const known = [
  ...['aws', 'azure', 'cdrom', 'config-drive', 'digitalocean', 'gcp', 'hetzner', 'metaldata'],
  ...['openstack', 'packet', 'scaleway', 'vmware', 'vultr'],
];

/** Takes user data from a provider and keeps it for the next stages. Of the providers only `file` is built yet. */
export const datasource: Part = {
  name: 'datasource',
  isAskedFor: (step) => (step.datasource?.providers ?? []).length > 0,
  async run(step, context) {
    const { providers = [], path, userdata_name: userdataName, at } = step.datasource ?? {};
    const { files } = context.target;
    if ((await files.stat(directory, 'follow')) === undefined) {
      await makeParents(files, `${directory}/userdata`, { mode: 0o755, uid: 0, gid: 0 });
    }
    const failures: string[] = [];
    for (const provider of providers) {
      if (provider === 'file') {
        const source = targetPath(path);
        const data = await files.read(source);
        if (data !== undefined) {
          await keep(data, userdataName ? userdataName : 'userdata.yaml', context);
          return;
        }
        failures.push(`file: ${source} is not there`);
      } else if (known.includes(provider)) {
        failures.push(`${provider}: not built yet`);
      } else {
        await context.warn(`there is no data source \`${provider}\``, at);
      }
    }
    throw new EntryError(
      `no data source gave user data${failures.map((text) => `; ${text}`).join('')}`,
    );
  },
};

async function keep(data: Uint8Array, name: string, context: PartContext): Promise<void> {
  const put = async (file: string, bytes: Uint8Array): Promise<void> => {
    const path = targetPath(`${directory}/${file}`);
    await context.target.files.write({ path, bytes, mode: 0o644, uid: 0, gid: 0 });
  };
  await put('provider', Buffer.from('file'));
  await put('userdata', data);
  const text = Buffer.from(data).toString('utf8');
  if (text.startsWith('#!')) {
    await context.warn('the user data is a script: it is kept, but not run');
    return;
  }
  if (readDocument(text, { stage: '', notation: 'yaml' }).errors.length === 0) {
    await put(name, data);
  }
}
