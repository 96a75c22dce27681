import type { Part } from './part.ts';
import { filePath } from './target-path.ts';

/** Replaces the resolver's file; without a name server nothing is done. */
export const dns: Part = {
  name: 'dns',
  isAskedFor: (step) => (step.dns?.nameservers ?? []).length > 0,
  async run(step, context) {
    const { nameservers = [], search = [], options = [], path, at } = step.dns ?? {};
    const searched = search.join(' ');
    const chosen = options.join(' ');
    const lines = [
      // A lone dot means that nothing is searched.
      ...(search.length === 0 || searched.trim() === '.' ? [] : [`search ${searched}`]),
      ...nameservers.map((server) => `nameserver ${server}`),
      ...(chosen.trim() === '' ? [] : [`options ${chosen}`]),
    ];
    await context.attempt(at, async () => {
      const { files } = context.target;
      const file = filePath(path ? path : '/etc/resolv.conf');
      const { mode = 0o644, uid = 0, gid = 0 } = (await files.stat(file, 'follow')) ?? {};
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      await files.write({ path: file, bytes, mode, uid, gid });
    });
  },
};
