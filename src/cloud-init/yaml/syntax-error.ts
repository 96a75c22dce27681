import type { Position } from './node.ts';

/** A text that is no YAML, or YAML that nobody may mean. Caught where a source is loaded. */
export class YamlSyntaxError extends Error {
  readonly at: Position | undefined;

  constructor(message: string, at?: Position) {
    super(message);
    this.name = 'YamlSyntaxError';
    this.at = at;
  }
}
