import type { Part } from './part.ts';
import { targetPath } from './target-path.ts';

/** Replaces the resolver's file; without a name server nothing is done. */
export const dns: Part = {
  name: 'dns',
  isAskedFor: (step) => (step.dns?.nameservers ?? []).length > 0,
  async run(step, context) {
    const { nameservers = [], search = [], options = [], path, at } = step.dns ?? {};
    const lines = [
      ...(search.length === 0 || (search.length === 1 && search[0] === '.')
        ? []
        : [`search ${search.join(' ')}`]),
      ...nameservers.map((server) => `nameserver ${server}`),
      ...(options.length === 0 ? [] : [`options ${options.join(' ')}`]),
    ];
    await context.attempt(at, async () => {
      await context.target.files.write({
        path: targetPath(path ? path : '/etc/resolv.conf'),
        bytes: Buffer.from(lines.map((line) => `${line}\n`).join('')),
        mode: 0o644,
        uid: 0,
        gid: 0,
      });
    });
  },
};
