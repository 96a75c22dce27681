/** A whole number as Go's YAML reads it: `0644` and `0o644` octal, `0x`, `0b`, underscores. */
export function readInteger(text: string): number | undefined {
  const match = /^([-+]?)(.+)$/.exec(text.trim().replaceAll('_', ''));
  const digits = match?.[2] ?? '';
  const magnitude = readMagnitude(digits);
  return magnitude === undefined || !Number.isSafeInteger(magnitude)
    ? undefined
    : match?.[1] === '-'
      ? -magnitude
      : magnitude;
}

function readMagnitude(digits: string): number | undefined {
  if (/^0[0-7]+$/.test(digits)) {
    return Number.parseInt(digits, 8);
  }
  if (/^(?:0x[0-9a-f]+|0o[0-7]+|0b[01]+|0|[1-9][0-9]*|[1-9][0-9]*\.0+)$/i.test(digits)) {
    return Number(digits);
  }
  return undefined;
}

/** A boolean as Go's YAML reads it for boolean fields. */
export function readFlag(text: string): boolean | undefined {
  if (/^(?:y|Y|yes|Yes|YES|on|On|ON|true|True|TRUE)$/.test(text)) {
    return true;
  }
  return /^(?:n|N|no|No|NO|off|Off|OFF|false|False|FALSE)$/.test(text) ? false : undefined;
}
