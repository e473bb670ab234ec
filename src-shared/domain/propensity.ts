import { z } from 'zod'

const share = z.number().min(0).max(1)
const count = z.number().int().min(0)

/** What predicted probabilities of having been observed (propensities) are worth. */
export const propensityDiagnosticsSchema = z.object({
  /** Of the inverse weights of the observed pairs, 1 / max(p, floor). */
  weights: z.object({
    /** Observed pairs. */
    pairs: count,
    /** Effective sample size (Kish): (Σw)² / Σw². So many equally weighted pairs would tell as much. */
    effective: z.number().positive(),
    /** `effective` as a share of the observed pairs. */
    effectiveShare: share,
    largest: z.number().min(1),
    /** Where small propensities are clipped. */
    floor: share,
    /** Share of the observed pairs whose propensity is at the floor or below. */
    clippedShare: share,
  }),
  /** Predicted against observed, over a uniform sample of all pairs. */
  calibration: z.object({
    /** At most ten of about equal counts, by ascending prediction; equal predictions share one. */
    bins: z.array(z.object({ pairs: count, predicted: share, observed: share })),
    /** Expected calibration error: mean over the sample of |predicted - observed| of the bin. */
    error: share,
  }),
  /** Where pairs lie by log10 of their propensity. */
  overlap: z.object({
    /** Ends of the bins, ascending: one more than there are counts. */
    edges: z.array(z.number()),
    /** Observed pairs in each bin. */
    observed: z.array(count),
    /** Pairs of the sample that were not observed in each bin. */
    unobserved: z.array(count),
    /**
     * Share of the unobserved pairs of the sample with a propensity below the smallest of an observed one: nothing observed stands for
     * them. Null where the sample has no unobserved pair.
     */
    unsupportedShare: share.nullable(),
  }),
  /** Mean predicted probability over the sample, which should be the density of the data: the share of all pairs that was observed. */
  meanPredicted: share,
  density: share,
})
export type PropensityDiagnostics = z.infer<typeof propensityDiagnosticsSchema>
