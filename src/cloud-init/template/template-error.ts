/** A text that is no template, or one that cannot be filled in. The text must then not be used at all. */
export class TemplateError extends Error {
  constructor(message: string) {
    super(`template: ${message}`);
    this.name = 'TemplateError';
  }
}
