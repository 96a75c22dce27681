import type { TemplateFunction } from './signature.ts';
import { takes, TEXT } from './signature.ts';
import { TemplateError } from './template-error.ts';
import type { Version } from './values.ts';
import { meetsConstraints } from './version-constraints.ts';
import { readVersion } from './versions.ts';

/** sprig's functions on semantic versions. */
export const versionFunctions: Readonly<Record<string, TemplateFunction>> = {
  semver: takes([TEXT], versionOf),
  semverCompare: takes([TEXT, TEXT], (constraints, version) =>
    meetsConstraints(versionOf(version), constraints),
  ),
};

function versionOf(text: string): Version {
  const version = readVersion(text);
  if (version === undefined) {
    throw new TemplateError(`\`${text}\` is no version`);
  }
  return version;
}
