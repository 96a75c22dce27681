/** A reason not to run a test that needs a real machine, or `undefined`. */
export const NO_REAL_MACHINE: string | undefined =
  process.getuid?.() === 0 ? undefined : 'needs root, for loop devices and mounts';
