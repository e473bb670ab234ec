/** A user as found by search, with the user's own id. */
export interface UserMatch {
  id: string
  /** Positives in the train part. */
  trainItems: number
}

/** An item as found by search. */
export interface ItemMatch {
  id: string
  title: string
  /** Users who were exposed to it in the train part, whatever they rated it. */
  shownTo: number
}

/** An item with the user's own id, its title (the id where there is none) and its other attributes. */
export interface ItemCard {
  id: string
  title: string
  attributes: Record<string, string | number>
}

export interface ScoredItem extends ItemCard {
  rank: number
  /** The score the method gives: log-probability for the multinomial methods. */
  score: number
  /** True where the item is in the user's test part: a hit. */
  inTest: boolean
}

export interface Recommendation {
  run: string
  user: string
  history: ItemCard[]
  items: ScoredItem[]
}
