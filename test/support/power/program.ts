import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** Builds the program as it is shipped, into a folder of the caller's; answers with its path. */
export function buildProgram(folder: string): string {
  const program = join(folder, 'slotwright.cjs');
  buildSync({
    entryPoints: [new URL('../../../src/main.ts', import.meta.url).pathname],
    outfile: program,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    banner: { js: '#!/usr/bin/env node' },
    define: { SLOTWRIGHT_VERSION: '"0.0.0"' },
    logLevel: 'error',
  });
  chmodSync(program, 0o755);
  return program;
}
