import { InvalidArgumentError } from 'commander'

/** The value of an option that is a whole number. */
export function integerIn(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text.trim()) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`Allowed: integer ${min}..${max}.`)
  }
}
