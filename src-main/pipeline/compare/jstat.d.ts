declare module 'jstat' {
  /** The parts that are used here. */
  const jStat: {
    /** Natural logarithm of the gamma function, for x > 0. */
    loggam(x: number): number
    /** The error function. */
    erf(x: number): number
    studentt: {
      /** Inverse of the distribution function, good to about eight digits. */
      inv(p: number, degreesOfFreedom: number): number
    }
  }
  export default jStat
}
