import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import process from 'node:process'

/** What a measurement prints: one line of JSON, with what it was measured on. */
export type Figures = Record<string, unknown>

export function printLine(name: string, figures: Figures): void {
  const { node, v8 } = process.versions
  console.log(JSON.stringify({ name, ...figures, cpu: cpus()[0]?.model ?? 'unknown', node, v8 }))
}

export const median = (values: number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}

export const rounded = (value: number): number => Number(value.toPrecision(4))

/** The most memory this process has held. Where Linux tells it, its own: `maxRSS` begins with what the parent held when it forked. */
export function peakRssMb(): number {
  const own =
    process.platform === 'linux' ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) : null
  return Math.round(Number(own?.[1] ?? process.resourceUsage().maxRSS) / 1024)
}
