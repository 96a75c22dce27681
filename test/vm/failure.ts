/** A virtual machine did not do what it was to do. The message ends with what was on its screen. */
export class VmError extends Error {
  constructor(what: string, screen = '') {
    const lines = screen.replaceAll('\r', '').trimEnd().split('\n').slice(-SHOWN_LINES);
    super(screen === '' ? what : `${what}\n${lines.map((line) => `  | ${line}`).join('\n')}`);
    this.name = 'VmError';
  }
}

const SHOWN_LINES = 40;
