import type { Recipe } from '../recipe.ts'
import { bedside } from './bedside.ts'

/** Every recipe of `vigil train`, by name. */
export const RECIPES: Readonly<Record<string, Recipe | undefined>> = { bedside }
