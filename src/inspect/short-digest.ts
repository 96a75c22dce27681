/** The beginning of a digest, for people: twelve hexadecimal digits, which tell any two images of a machine apart. */
export const shortDigest = (digest: string): string =>
  digest.replace(/^[a-z0-9]+:/, '').slice(0, 12);
