/** The history of a machine of a walk as a bundle: what later versions must be able to replay. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { DiskFacts } from '../../src/proof/laws.ts';
import { redact } from '../../src/inspect/redact.ts';
import { encodeBundle } from '../../state/bundle.ts';
import { saveNew } from '../../state/save-new.ts';
import { segmentName } from '../../state/segment.ts';
import { VmError } from './failure.ts';

export async function keepLog(folder: string, name: string, log: DiskFacts['log']): Promise<void> {
  if ('damage' in log) throw new VmError(`the log cannot be kept: ${log.damage}`);
  const parts = log.map((records, index) => {
    const started = records.find(({ event }) => event.type === 'operation.started')?.event;
    const operation = started?.type === 'operation.started' ? started.operation : 'operation';
    return { segment: segmentName(index + 1, operation, records[0]?.op ?? ''), records };
  });
  await mkdir(folder, { recursive: true });
  const heading = { tool: 'slotwright, in a virtual machine', madeAt: new Date().toISOString() };
  const text = encodeBundle(parts, heading, (record) => redact(record, { hookOutput: 'masked' }));
  await saveNew(path.join(folder, `${name}.bundle`), text);
}
