/** What loading the configuration needs of the file system: an absent file is `undefined`, an absent directory is empty. */
import type { FilesPort } from '../system/port.ts';

export type ConfigReader = Pick<FilesPort, 'readText' | 'list' | 'stat'>;
