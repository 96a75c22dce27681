/** An HTTP address as it may be shown and recorded: without name and password, and without what follows `?`, which often is a key. */
export function withoutSecrets(address: string): string {
  return address.replace(/^(https?:\/\/)(?:[^/?#@]*@)?([^?#]*)[?#]?.*$/is, '$1$2');
}
