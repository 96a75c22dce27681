/** A text that is no template, or one that cannot be filled in. The text must then not be used at all. */
export class TemplateError extends Error {
  /** What is wrong, without where. */
  readonly reason: string;

  constructor(reason: string) {
    super(`template: ${reason}`);
    this.name = 'TemplateError';
    this.reason = reason;
  }

  /** The same, said of a function. */
  within(name: string): TemplateError {
    return new TemplateError(`\`${name}\`: ${this.reason}`);
  }
}
