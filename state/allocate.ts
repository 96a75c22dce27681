import { spawn } from 'node:child_process';

/**
 * Gives a file blocks for these bytes; its size grows to them, or stays as it is. False where there is no room or no such thing. Node
 * cannot do it itself; what it writes as zeroes may stay a hole.
 */
export async function allocate(
  fd: number,
  from: number,
  bytes: number,
  size: 'grows' | 'stays' = 'grows',
): Promise<boolean> {
  const place = ['--offset', String(from), '--length', String(bytes), '/proc/self/fd/3'];
  const child = spawn('fallocate', size === 'stays' ? ['--keep-size', ...place] : place, {
    stdio: ['ignore', 'ignore', 'ignore', fd],
  });
  return new Promise((resolve) => {
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });
}
