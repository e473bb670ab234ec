import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { CausewayError } from '../../../src-shared/contract/errors'
import { backendIds, type BackendId } from '../../../src-shared/domain/backend'
import { toIoError } from '../../storage/io-errors'

/** What `--config run.yaml` may say; everything may be left out and is overridden by the command line. */
const values = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
const shape = {
  method: z.string(),
  data: z.string(),
  seed: z.number().int(),
  backend: z.enum(backendIds),
  params: values,
  recipe: values,
}
const runFileSchema = z.object(shape).partial()
export type RunFile = z.infer<typeof runFileSchema>

/** Reads a run file. @throws CausewayError `paramUnknown` for a key it cannot have, `paramInvalid` for a value of the wrong kind */
export function readRunFile(path: string): RunFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw toIoError(error, { action: 'read', path })
  }
  let content: unknown
  try {
    content = parse(text) ?? {}
  } catch (error) {
    throw new CausewayError('paramInvalid', `${path} is not YAML: ${(error as Error).message}`, { file: path })
  }
  const allowed = Object.keys(shape)
  if (typeof content === 'object' && content !== null) {
    for (const key of Object.keys(content)) {
      if (allowed.includes(key)) continue
      throw new CausewayError('paramUnknown', `${path} has an unknown key "${key}". Allowed: ${allowed.join(', ')}.`, {
        key,
        allowed,
      })
    }
  }
  const parsed = runFileSchema.safeParse(content)
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`)
    throw new CausewayError('paramInvalid', `${path} is not valid: ${issues.join('; ')}.`, { file: path, issues })
  }
  return parsed.data
}

/** `key=value` pairs of repeated `--set`: `data.X` belongs to the recipe, anything else to the method. */
export function parseSettings(pairs: string[]): { params: Record<string, string>; recipe: Record<string, string> } {
  const params: Record<string, string> = {}
  const recipe: Record<string, string> = {}
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    if (at < 1) {
      throw new CausewayError('badRequest', `--set takes key=value, not ${JSON.stringify(pair)}.`, { set: pair })
    }
    const key = pair.slice(0, at).trim()
    const value = pair.slice(at + 1).trim()
    if (key.startsWith('data.')) recipe[key.slice('data.'.length)] = value
    else params[key] = value
  }
  return { params, recipe }
}

export interface TrainOptions {
  data?: string
  backend?: BackendId
  seed?: number
  set: string[]
  config?: string
}

/** The training asked for by a run file and the command line, which wins. @throws CausewayError `badRequest` without method or data */
export function trainRequest(method: string | undefined, options: TrainOptions) {
  const file = options.config ? readRunFile(options.config) : {}
  const set = parseSettings(options.set)
  const chosen = { method: method ?? file.method, dataset: options.data ?? file.data }
  if (!chosen.method) throw new CausewayError('badRequest', 'Name a method: causeway train METHOD --data NAME.')
  if (!chosen.dataset) throw new CausewayError('badRequest', 'Name a data set: --data NAME.')
  return {
    method: chosen.method,
    dataset: chosen.dataset,
    seed: options.seed ?? file.seed,
    backend: options.backend ?? file.backend,
    params: { ...file.params, ...set.params },
    recipe: { ...file.recipe, ...set.recipe },
  }
}
