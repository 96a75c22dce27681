import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';

/** Writes a file whose parents may be missing, and its bytes to the disk; its name is as durable as its directory. */
export async function putFile(file: string, bytes: Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const handle = await open(file, 'w', 0o644);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
