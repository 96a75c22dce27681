import {
  createRig as createProofRig,
  type Rig,
  type RigRecipe,
} from '../../../src/proof/cuts/rig.ts';
import { buildProgram } from './program.ts';

/** A rig for the program as this checkout builds it. */
export function createRig(recipe: Omit<RigRecipe, 'program'> = {}): Promise<Rig> {
  return createProofRig({ ...recipe, program: buildProgram });
}
