import type { FetchRequest, FetchResult } from '../../cloud-init/target.ts';
import { SystemError } from '../../errors.ts';

/** No configuration, key list or tool is larger; a server must not fill the memory. */
const mostBytes = 1024 * 1024 * 1024;

/** HTTP(S) GET. Certificates are verified; an answer of any status is a result, no answer is an error. */
export async function fetchBytes(request: FetchRequest): Promise<FetchResult> {
  const limits = [request.signal];
  if (request.timeoutSeconds !== undefined && request.timeoutSeconds > 0) {
    limits.push(AbortSignal.timeout(request.timeoutSeconds * 1000));
  }
  try {
    const answer = await fetch(request.url, {
      signal: AbortSignal.any(limits),
      redirect: 'follow',
    });
    return { status: answer.status, bytes: await bodyOf(answer), fileName: nameOf(answer) };
  } catch (error) {
    throw new SystemError({
      code: 'fetch-failed',
      message: `cannot fetch ${request.url}`,
      reason: reasonOf(error),
      hint: 'check the address and the network',
      cause: error,
    });
  }
}

async function bodyOf(answer: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  const reader = answer.body?.getReader();
  for (;;) {
    const chunk: unknown = (await reader?.read())?.value;
    if (!(chunk instanceof Uint8Array)) {
      return Buffer.concat(chunks);
    }
    total += chunk.byteLength;
    if (total > mostBytes) {
      throw new Error('the answer is larger than 1 GiB');
    }
    chunks.push(chunk);
  }
}

function nameOf(answer: Response): string {
  const given = /filename="?([^";/]+)"?/.exec(answer.headers.get('content-disposition') ?? '')?.[1];
  return given ?? new URL(answer.url).pathname.split('/').findLast((part) => part !== '') ?? '';
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return error.cause instanceof Error ? error.cause.message : error.message;
}
