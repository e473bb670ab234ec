/** Measures batches and validations, and says how far a training is and how long it may still take. */
export class Pace {
  private batchSeconds: number | null = null
  private validationSeconds: number | null = null

  constructor(
    private readonly batches: number,
    private readonly epochs: number,
  ) {}

  trained(seconds: number): void {
    this.batchSeconds = smooth(this.batchSeconds, seconds)
  }

  validated(seconds: number): void {
    this.validationSeconds = smooth(this.validationSeconds, seconds)
  }

  training(epoch: number, position: number): { stage: string; fraction: number; etaSeconds: number | null } {
    return this.at(
      epoch,
      `Epoch ${epoch + 1} of at most ${this.epochs}, batch ${position + 1} of ${this.batches}`,
      position,
      0,
    )
  }

  validating(epoch: number, fraction: number): { stage: string; fraction: number; etaSeconds: number | null } {
    return this.at(epoch, `Epoch ${epoch + 1} of at most ${this.epochs}, validation`, this.batches, fraction)
  }

  /** The whole is `epochs` times all batches and one validation; early stopping can only make it shorter. */
  private at(
    epoch: number,
    stage: string,
    position: number,
    validated: number,
  ): { stage: string; fraction: number; etaSeconds: number | null } {
    const batch = this.batchSeconds ?? 1
    // Before the first validation is measured it counts as two batches.
    const validation = this.validationSeconds ?? 2 * batch
    const perEpoch = this.batches * batch + validation
    const done = epoch * perEpoch + position * batch + validated * validation
    const whole = this.epochs * perEpoch
    const fraction = Math.min(1, done / whole)
    return { stage, fraction, etaSeconds: this.batchSeconds === null ? null : (1 - fraction) * whole }
  }
}

/** An exponential mean that follows a machine growing slower or faster. */
const smooth = (mean: number | null, value: number): number => (mean === null ? value : 0.9 * mean + 0.1 * value)
