import { fitWeighted, loadWeighted, type Weigh } from '../../blocks/factorisation/weighted-factorisation'
import type { Method } from '../../method'

/** Every interaction counts the same. */
const alike: Weigh = (rows) => rows

/** WMF (Hu et al. 2008): see README.md for the decisions. */
export const method: Method = {
  fit: (context) => fitWeighted(context, 'wmf-fit', alike),
  load: (saved, params, items) => loadWeighted(saved, params, items, alike),
}
