import { request } from '../../../client'

/** A completed run that can be asked about. */
export interface RunChoice {
  id: string
  method: string
  seed: number
}

const most = 500

/** The completed among the selected runs, in the order of the selection. */
export async function fetchChoices(runs: readonly string[]): Promise<RunChoice[]> {
  const { rows } = await request('runs:rows', {
    filter: { runs: runs.slice(0, most) },
    columns: ['seed'],
    offset: 0,
    limit: most,
  })
  const byId = new Map(rows.filter(({ state }) => state === 'completed').map((row) => [row.id, row]))
  return runs.flatMap((id) => {
    const row = byId.get(id)
    return row ? [{ id, method: row.method, seed: Number(row.cells[0] ?? 0) }] : []
  })
}

/** Names by run that tell the runs apart: by method, by seed where it takes that, else by id. */
export function choiceLabels(choices: readonly RunChoice[], methodLabel: (id: string) => string): Map<string, string> {
  const ways: ((choice: RunChoice) => string)[] = [
    ({ method }) => methodLabel(method),
    ({ method, seed }) => `${methodLabel(method)}, seed ${seed}`,
    ({ method, id }) => `${methodLabel(method)}, ${id}`,
  ]
  return new Map(
    choices.map((choice) => {
      const isOwn = (way: (of: RunChoice) => string): boolean =>
        choices.every((other) => other === choice || way(other) !== way(choice))
      return [choice.id, (ways.find(isOwn) ?? ways.at(-1)!)(choice)]
    }),
  )
}
