/** Composition root: the services of the real machine. */
import { notBuilt } from './config/not-built.ts';
import type { Services } from './cli/services.ts';

export async function composeServices(): Promise<Services> {
  throw notBuilt('the services of the real machine are', 'use a later version');
}
