import { builtins } from './builtins.ts';
import type { TemplateFunction } from './signature.ts';
import { addressFunctions } from './sprig-addresses.ts';
import { cryptoFunctions } from './sprig-crypto.ts';
import type { Clock } from './sprig-dates.ts';
import { dateFunctions } from './sprig-dates.ts';
import { encodingFunctions } from './sprig-encodings.ts';
import { expressionFunctions } from './sprig-expressions.ts';
import { listFunctions } from './sprig-lists.ts';
import { mappingFunctions } from './sprig-mappings.ts';
import { numberFunctions } from './sprig-numbers.ts';
import { pathFunctions } from './sprig-paths.ts';
import type { Random } from './sprig-random.ts';
import { randomFunctions } from './sprig-random.ts';
import { textFunctions } from './sprig-text.ts';
import { valueFunctions } from './sprig-values.ts';
import { versionFunctions } from './sprig-versions.ts';

export type Functions = ReadonlyMap<string, TemplateFunction>;

/** What the functions get from the machine. */
export interface FunctionInputs extends Clock {
  readonly random: Random;
}

/** Those that need nothing from the machine are the same for every text. */
const constant = Object.entries({
  ...builtins,
  ...textFunctions,
  ...numberFunctions,
  ...listFunctions,
  ...mappingFunctions,
  ...valueFunctions,
  ...expressionFunctions,
  ...pathFunctions,
  ...encodingFunctions,
  ...addressFunctions,
  ...versionFunctions,
});

/** Go's own template functions and those of sprig, but what `left-out.ts` lists. */
export function templateFunctions(inputs: FunctionInputs): Functions {
  return new Map([
    ...constant,
    ...Object.entries({
      ...dateFunctions(inputs),
      ...randomFunctions(inputs.random),
      ...cryptoFunctions(inputs.random),
    }),
  ]);
}
