#!/usr/bin/env node
import { existsSync } from 'node:fs'

const script = new URL('../scripts/ensure-built.mjs', import.meta.url)
if (existsSync(script)) {
  const { ensureBuilt } = await import(script.href)
  try {
    ensureBuilt()
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}
await import('../out/main/cli.js')
