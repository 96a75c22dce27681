/** What is wrong with one entry of a part, said for people. The entry fails, the others go on. */
export class EntryError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EntryError';
  }
}
