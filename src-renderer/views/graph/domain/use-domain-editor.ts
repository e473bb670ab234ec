import { computed, shallowRef, watch } from 'vue'
import { CausewayError } from '../../../../src-shared/contract/errors'
import type { DomainEdge, DomainGraph, VariableRole } from '../../../../src-shared/domain/domain-graph'
import type { DomainPath } from '../../../../src-shared/graph/dag/answers'
import {
  addEdge,
  addVariable,
  freeName,
  moveVariables,
  removeEdge,
  removeVariables,
  renameVariable,
  reverseEdge,
  setRole,
} from '../../../../src-shared/graph/dag/edit'
import { useDomainGraphsStore } from '../../../stores/domain-graphs-store'
import { edgeId, edgeText, roleInfo, variableId } from './elements'
import { arrange, pixelsPerUnit, placeForNew, placesOf, type Place, type Places } from './placement'

/** A way through the graph, shown on the canvas. */
export type ShownPath = Pick<DomainPath, 'variables' | 'edges' | 'text'>

const words = (names: readonly string[]): string =>
  names.length <= 2 ? names.join(' and ') : `${names.length} variables`
const rounded = (value: number): number => Math.round(value * 1000) / 1000

/** What the analyst does to the drawn graph: selection, names being typed, edges being drawn. Canvas and lists share it. */
export function useDomainEditor() {
  const store = useDomainGraphsStore()

  /** Ids of the chosen elements, the latest last. */
  const selection = shallowRef<readonly string[]>([])
  const connecting = shallowRef<{ from: string | null; kind: DomainEdge['kind'] } | null>(null)
  /** The variable whose name is being typed. */
  const naming = shallowRef<string | null>(null)
  const path = shallowRef<ShownPath | null>(null)
  /** Why the last edit was refused; null once another one was made. */
  const refusal = shallowRef<string | null>(null)

  const layout = shallowRef<{ scale: number; places: Places }>({ scale: 100, places: new Map() })
  watch(
    () => store.opened,
    () => {
      layout.value = { scale: 100, places: new Map() }
      selection.value = []
      connecting.value = null
      naming.value = null
      path.value = null
      refusal.value = null
    },
    { flush: 'sync' },
  )
  watch(
    () => [store.graph, store.opened] as const,
    ([graph]) => {
      const scale = pixelsPerUnit(graph, layout.value.scale)
      layout.value = { scale, places: placesOf(graph, layout.value.places, scale) }
      const ids = new Set([...graph.variables.map(({ name }) => variableId(name)), ...graph.edges.map(edgeId)])
      if (selection.value.some((one) => !ids.has(one))) selection.value = selection.value.filter((one) => ids.has(one))
      if (naming.value !== null && !ids.has(variableId(naming.value))) naming.value = null
      if (connecting.value?.from && !ids.has(variableId(connecting.value.from))) connecting.value = null
      if (path.value?.edges.some((edge) => !ids.has(edgeId(edge)))) path.value = null
    },
    { immediate: true },
  )

  watch([selection, () => store.graph], () => (refusal.value = null))

  const variables = computed(() => {
    const byId = new Map(store.graph.variables.map((variable) => [variableId(variable.name), variable]))
    return selection.value.flatMap((one) => byId.get(one) ?? [])
  })
  const edges = computed(() => {
    const byId = new Map(store.graph.edges.map((edge) => [edgeId(edge), edge]))
    return selection.value.flatMap((one) => byId.get(one) ?? [])
  })
  const names = computed(() => variables.value.map(({ name }) => name))

  /** Edits the graph; what is refused is said and changes nothing. True where it was done. */
  function edit(label: string, change: (graph: DomainGraph) => DomainGraph, mergeKey: string | null = null): boolean {
    try {
      store.edit(label, change, mergeKey)
      refusal.value = null
      return true
    } catch (thrown) {
      const error = CausewayError.from(thrown)
      if (error.code !== 'badRequest') throw error
      refusal.value = error.message
      return false
    }
  }

  /** The graph with the place of every variable written down, so that nothing else moves when one is placed. */
  const placed = (graph: DomainGraph): DomainGraph => ({
    ...graph,
    variables: graph.variables.map((variable) => {
      const at = variable.at ?? layout.value.places.get(variable.name)
      return at ? { ...variable, at: { x: rounded(at.x), y: rounded(at.y) } } : variable
    }),
  })
  const unitsOf = (pixels: Place): Place => ({
    x: rounded(pixels.x / layout.value.scale),
    y: rounded(pixels.y / layout.value.scale),
  })

  /** The variable added last and what its naming is merged with, so that both are one step of undo. */
  let fresh = { name: '', key: '' }
  let addedSoFar = 0

  /** Adds a variable near `at` (pixels of the drawing) and asks for its name; with an edge from `from` where there is one. */
  function add(at: Place, from: string | null = null, kind: DomainEdge['kind'] = '->'): void {
    const name = freeName(store.graph, 'V')
    fresh = { name, key: `new ${++addedSoFar}` }
    const free = placeForNew(unitsOf(at), layout.value.places, layout.value.scale)
    const done = edit(
      `adding ${name}`,
      (graph) => {
        const added = addVariable(placed(graph), { name, at: { x: rounded(free.x), y: rounded(free.y) } })
        return from === null ? added : addEdge(added, { from, to: name, kind })
      },
      fresh.key,
    )
    if (!done) return
    selection.value = [variableId(name)]
    naming.value = name
  }

  /** Adds a variable by name, from the lists. */
  function addNamed(name: string): boolean {
    const before = store.graph.variables.length
    const done = edit(`adding ${name.trim()}`, (graph) => addVariable(graph, { name }))
    if (done) selection.value = [variableId(store.graph.variables[before]!.name)]
    return done
  }

  /** Gives a variable another name; one just added is added and named in one step of undo. */
  function rename(name: string, newName: string): boolean {
    const chosen = selection.value.includes(variableId(name))
    const done = edit(
      `renaming ${name}`,
      (graph) => renameVariable(graph, name, newName),
      fresh.name === name ? fresh.key : null,
    )
    if (done) fresh = { name: '', key: '' }
    if (done && chosen) selection.value = [variableId(newName.trim())]
    return done
  }

  function giveRole(of: readonly string[], role: VariableRole): boolean {
    return edit(`making ${words(of)} ${roleInfo[role].label.toLowerCase()}`, (graph) =>
      of.reduce((sofar, name) => setRole(sofar, name, role), graph),
    )
  }
  /** Gives the chosen variables the role; where all have it, they are observed again. */
  function toggleRole(role: VariableRole): void {
    if (variables.value.length === 0) return
    giveRole(names.value, variables.value.every((variable) => variable.role === role) ? 'observed' : role)
  }

  /** Makes exactly these variables the adjusted ones. */
  function adjustFor(set: readonly string[]): void {
    edit(set.length === 0 ? 'adjusting for nothing' : `adjusting for ${words(set)}`, (graph) => {
      const cleared = graph.variables
        .filter(({ name, role }) => role === 'adjusted' && !set.includes(name))
        .reduce((sofar, { name }) => setRole(sofar, name, 'observed'), graph)
      return set.reduce(
        (sofar, name) =>
          cleared.variables.some((variable) => variable.name === name && variable.role === 'observed')
            ? setRole(sofar, name, 'adjusted')
            : sofar,
        cleared,
      )
    })
  }

  function connect(from: string, to: string, kind: DomainEdge['kind']): boolean {
    const edge: DomainEdge = { from, to, kind }
    const done = edit(`drawing ${edgeText(edge)}`, (graph) => addEdge(graph, edge))
    if (done) selection.value = [edgeId(edge)]
    return done
  }
  /** Two variables chosen are joined at once, the first chosen first; else the ends are asked for. */
  function startConnecting(kind: DomainEdge['kind']): void {
    if (names.value.length === 2) connect(names.value[0]!, names.value[1]!, kind)
    else connecting.value = { from: names.value.length === 1 ? names.value[0]! : null, kind }
  }
  function pick(name: string): void {
    if (!connecting.value) return
    const { from, kind } = connecting.value
    if (from === null) {
      connecting.value = { from: name, kind }
      return
    }
    connecting.value = null
    connect(from, name, kind)
  }

  function reverseEdges(of: readonly DomainEdge[] = edges.value): void {
    if (of.length === 0) return
    const turned = of.map((edge): DomainEdge => (edge.kind === '->' ? { ...edge, from: edge.to, to: edge.from } : edge))
    const done = edit(of.length === 1 ? `turning ${edgeText(of[0]!)}` : `turning ${of.length} edges`, (graph) =>
      of.reduce(reverseEdge, graph),
    )
    if (done) selection.value = turned.map(edgeId)
  }
  /** Makes `→` out of `↔` and the other way round. */
  function changeKind(edge: DomainEdge): void {
    const changed: DomainEdge = { ...edge, kind: edge.kind === '->' ? '<->' : '->' }
    const done = edit(`making ${edgeText(edge)} ${edgeText(changed)}`, (graph) =>
      addEdge(removeEdge(graph, edge), changed),
    )
    if (done) selection.value = [edgeId(changed)]
  }

  function remove(of: readonly string[] = names.value, ofEdges: readonly DomainEdge[] = edges.value): void {
    if (of.length === 0 && ofEdges.length === 0) return
    const label =
      of.length > 0
        ? `deleting ${words(of)}`
        : ofEdges.length === 1
          ? `deleting ${edgeText(ofEdges[0]!)}`
          : `deleting ${ofEdges.length} edges`
    edit(label, (graph) => removeVariables(ofEdges.reduce(removeEdge, graph), of))
  }

  /** Puts variables at places in pixels of the drawing. Moving the same ones on is one step of undo. */
  function move(places: ReadonlyMap<string, Place>): void {
    const moved = [...places.keys()]
    edit(
      `moving ${words(moved)}`,
      (graph) => moveVariables(placed(graph), Object.fromEntries([...places].map(([name, at]) => [name, unitsOf(at)]))),
      `move ${moved.join('\n')}`,
    )
  }
  function arrangeAll(): void {
    const arranged = arrange(store.graph, layout.value.scale)
    edit('arranging', (graph) =>
      moveVariables(
        graph,
        Object.fromEntries([...arranged].map(([name, at]) => [name, { x: rounded(at.x), y: rounded(at.y) }])),
      ),
    )
  }

  /** Shows a way through the graph; the one shown already is put away. */
  function showPath(shown: ShownPath | null): void {
    path.value = shown !== null && path.value?.text === shown.text ? null : shown
  }
  function choose(of: readonly string[], ofEdges: readonly DomainEdge[] = []): void {
    selection.value = [...of.map(variableId), ...ofEdges.map(edgeId)]
  }

  return {
    store,
    selection,
    variables,
    edges,
    names,
    connecting,
    naming,
    path,
    refusal,
    layout,
    add,
    addNamed,
    rename,
    giveRole,
    toggleRole,
    adjustFor,
    connect,
    startConnecting,
    pick,
    reverseEdges,
    changeKind,
    remove,
    move,
    arrangeAll,
    showPath,
    choose,
  }
}
export type DomainEditor = ReturnType<typeof useDomainEditor>
