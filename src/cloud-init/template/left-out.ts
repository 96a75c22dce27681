const secrets = 'a template must not carry the environment of whoever started the tool into a file';
const keys = 'private keys and certificates are made where they are kept, not in a hook';

/** Functions of sprig that there are not on purpose, and why; a template that calls one is refused with the reason. */
export const leftOut: ReadonlyMap<string, string> = new Map([
  ['env', secrets],
  ['expandenv', secrets],
  ['getHostByName', 'a text must not depend on the network'],
  ['genPrivateKey', keys],
  ['genCA', keys],
  ['genCAWithKey', keys],
  ['genSelfSignedCert', keys],
  ['genSelfSignedCertWithKey', keys],
  ['genSignedCert', keys],
  ['genSignedCertWithKey', keys],
  ['buildCustomCert', keys],
]);
