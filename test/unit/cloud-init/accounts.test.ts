import { describe, expect, it } from 'vitest';
import { EnvironmentFile } from '../../../src/cloud-init/entities/environment-file.ts';
import { sha512Crypt } from '../../../src/cloud-init/entities/sha512-crypt.ts';

describe('password hashes', () => {
  it.each([
    [
      'Hello world!',
      'saltstring',
      '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
    ],
    [
      '',
      'x',
      '$6$x$QSmr1Bx2g4O6BzKvdkgOcyU6H91X6I/XBv5pSalMhSPkwdH6Beo3F455xZJg0v//bxVK5F4OE5k1.0xuR26MK0',
    ],
    [
      'wonderland',
      'abcdefghijklmnop',
      '$6$abcdefghijklmnop$3onjgZvMNerRNV687PlCFidlcE5G4XioVIAm5O0N.RKD1pj8VLgPRyfXhNEPl7QhSMAHk0SeTVztWirhTsAmG0',
    ],
    [
      'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaé',
      './',
      '$6$./$NqXOaojtFRZ.ZN3kNrcf.5qPXxmHmeyoN4SoBvQTxT1sUta54QpPO8CFOwmhd0f0Hn1GabdMjpjpm6x60oxxc/',
    ],
  ])('are those of crypt for %j', (password, salt, hash) => {
    expect(sha512Crypt(password, salt)).toBe(hash);
  });
});

describe('an environment file', () => {
  it('keeps comments and other variables, and quotes what a shell would read', () => {
    const file = new EnvironmentFile("# mine\nB='two words'\nexport A=1 # one\n???\n");
    file.set('C', 'a "b" $c `d` !\\\nnext');
    file.set('N', '42');
    file.set('P', '007');
    expect(file.text()).toBe(
      [
        '# mine',
        '???',
        'A=1',
        'B="two words"',
        'C="a \\"b\\" \\$c \\`d\\` \\!\\\\\\nnext"',
        'N=42',
        'P="007"',
        '',
      ].join('\n'),
    );
    expect(new EnvironmentFile(file.text()).text()).toBe(file.text());
  });
});
