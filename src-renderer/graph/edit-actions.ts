import { CausewayError } from '../../src-shared/contract/errors'
import {
  copyMask,
  forbidEdges,
  freeEdges,
  hold,
  invert,
  isolate,
  pasteMask,
  release,
  requireEdges,
  resetMask,
  setFactor,
  toggleEdges,
  zeroColumns,
  zeroRows,
} from '../../src-shared/graph/edit/operations'
import type { Action } from '../actions/registry'
import { useGraphEditorStore } from '../stores/graph-editor-store'
import { useNoticesStore } from '../stores/notices-store'
import { columnsAtHand, edgesAtHand, rowsAtHand, type Chosen } from './changes'

/** What of the view the actions need. */
export interface EditedView {
  chosen: () => Chosen
  chooseAll: () => void
  startRename: () => void
  canMask: () => boolean
  canHold: () => boolean
  canKnow: () => boolean
}

/** An action as a ribbon shows it: by a short name. */
export interface RibbonEntry {
  id: string
  label: string
}

/** What the ribbon shows in each mode, in order. */
export const maskRibbon: readonly RibbonEntry[] = [
  { id: 'graph.toggle', label: 'Toggle' },
  { id: 'graph.zero-row', label: 'Zero row' },
  { id: 'graph.zero-column', label: 'Zero column' },
  { id: 'graph.isolate', label: 'Isolate' },
  { id: 'graph.weaker', label: '− 0.1' },
  { id: 'graph.stronger', label: '+ 0.1' },
  { id: 'graph.hold', label: 'Hold' },
  { id: 'graph.invert', label: 'Invert' },
  { id: 'graph.reset', label: 'Reset' },
]
export const knowledgeRibbon: readonly RibbonEntry[] = [
  { id: 'graph.require', label: 'Require' },
  { id: 'graph.forbid', label: 'Forbid' },
  { id: 'graph.free', label: 'Free' },
]

/** What was copied in this window, for where the browser lets no page read the clipboard. */
let copiedHere: string | null = null
const factorStep = 0.1

async function readClipboard(): Promise<string> {
  try {
    const text = await navigator.clipboard.readText()
    if (text.includes('causeway-mask') || copiedHere === null) return text
  } catch (thrown) {
    if (copiedHere === null)
      throw new CausewayError('badRequest', 'There is no mask to paste: copy one first.', {
        reason: thrown instanceof Error ? thrown.message : String(thrown),
      })
  }
  return copiedHere!
}

/** Everything that is done to the graph by keyboard, palette and ribbon alike. */
export function graphEditActions(view: EditedView): Action[] {
  const editor = useGraphEditorStore()
  const notices = useNoticesStore()
  const group = 'Graph'
  const masking = (): boolean => editor.maskMode
  const knowing = (): boolean => editor.mode === 'knowledge'
  const edges = () => edgesAtHand(view.chosen())
  const rows = () => rowsAtHand(view.chosen())
  const columns = () => columnsAtHand(view.chosen())
  const someEdges = (): boolean => view.chosen().edges.length > 0 || view.chosen().nodes.length > 1
  const some = (): boolean => view.chosen().edges.length > 0 || view.chosen().nodes.length > 0

  function scale(step: number): void {
    const chosen = edges()
    const { from, to } = chosen[0]!
    const next = Math.round((editor.state.factors[from]![to]! + step) * 100) / 100
    editor.perform(setFactor(chosen, Math.min(Math.max(next, 0), 1)))
  }

  function remove(): void {
    const { nodes, edges: arrows } = view.chosen()
    if (arrows.length > 0) editor.perform({ ...setFactor(arrows, 0), undo: 'restores', label: 'remove edges' })
    else editor.perform(isolate(nodes))
  }

  function toggleHold(): void {
    const { nodes } = view.chosen()
    const held = nodes.filter((node) => editor.state.holds.some((one) => one.node === node))
    if (held.length > 0) editor.perform(release(held))
    else for (const node of nodes) editor.perform(hold(node, { kind: 'sd', sd: 0 }))
  }

  async function copy(): Promise<void> {
    // Words marked on the page come first, as everywhere.
    const marked = document.getSelection()?.toString() ?? ''
    if (marked !== '') return navigator.clipboard.writeText(marked)
    copiedHere = copyMask(editor.state)
    try {
      await navigator.clipboard.writeText(copiedHere)
      notices.announce('The mask is copied.')
    } catch (thrown) {
      notices.announce(`The mask is copied within this window: ${CausewayError.from(thrown).message}`)
    }
  }

  return [
    {
      id: 'graph.mask-mode',
      name: 'Edit the mask, or stop editing it',
      group,
      shortcut: 'M',
      when: view.canMask,
      perform: () => void (editor.mode = masking() ? 'look' : 'mask'),
    },
    {
      id: 'graph.knowledge-mode',
      name: 'Edit knowledge for the next training, or stop editing it',
      group,
      shortcut: 'K',
      when: view.canKnow,
      perform: () => void (editor.mode = knowing() ? 'look' : 'knowledge'),
    },
    {
      id: 'graph.toggle',
      name: 'Remove the chosen edges, or put them back',
      group,
      shortcut: 'X',
      when: () => masking() && someEdges(),
      perform: () => editor.perform(toggleEdges(edges())),
    },
    {
      id: 'graph.zero-row',
      name: 'Zero the row of what is chosen: do(c)',
      group,
      shortcut: 'Z',
      when: () => masking() && some(),
      perform: () => editor.perform(zeroRows(rows())),
    },
    {
      id: 'graph.zero-column',
      name: 'Zero the column of what is chosen',
      group,
      shortcut: 'Shift+Z',
      when: () => masking() && some(),
      perform: () => editor.perform(zeroColumns(columns())),
    },
    {
      id: 'graph.isolate',
      name: 'Isolate the chosen nodes',
      group,
      shortcut: 'O',
      when: () => masking() && view.chosen().nodes.length > 0,
      perform: () => editor.perform(isolate(view.chosen().nodes)),
    },
    {
      id: 'graph.hold',
      name: 'Hold the chosen nodes at their mean, or release them',
      group,
      shortcut: 'H',
      when: () => masking() && view.canHold() && view.chosen().nodes.length > 0,
      perform: toggleHold,
    },
    {
      id: 'graph.weaker',
      name: 'Scale the chosen edges down by 0.1',
      group,
      shortcut: '[',
      when: () => masking() && someEdges(),
      perform: () => scale(-factorStep),
    },
    {
      id: 'graph.stronger',
      name: 'Scale the chosen edges up by 0.1',
      group,
      shortcut: ']',
      when: () => masking() && someEdges(),
      perform: () => scale(factorStep),
    },
    {
      id: 'graph.invert',
      name: 'Invert the mask',
      group,
      shortcut: 'V',
      when: masking,
      perform: () => editor.perform(invert()),
    },
    {
      id: 'graph.reset',
      name: 'Reset the mask',
      group,
      shortcut: 'R',
      when: masking,
      perform: () => editor.perform(resetMask()),
    },
    {
      id: 'graph.remove',
      name: 'Remove the chosen edges; isolate the chosen nodes',
      group,
      shortcut: 'Delete',
      when: () => masking() && (view.chosen().edges.length > 0 || view.chosen().nodes.length > 0),
      perform: remove,
    },
    {
      id: 'graph.require',
      name: 'Require the chosen edges in the next training',
      group,
      shortcut: 'Y',
      when: () => knowing() && someEdges(),
      perform: () => editor.perform(requireEdges(edges())),
    },
    {
      id: 'graph.forbid',
      name: 'Forbid the chosen edges in the next training',
      group,
      shortcut: 'N',
      when: () => knowing() && someEdges(),
      perform: () => editor.perform(forbidEdges(edges())),
    },
    {
      id: 'graph.free',
      name: 'Say nothing of the chosen edges',
      group,
      shortcut: 'U',
      when: () => knowing() && someEdges(),
      perform: () => editor.perform(freeEdges(edges())),
    },
    {
      id: 'graph.undo',
      name: 'Undo the last change of the graph',
      group,
      shortcut: 'Mod+Z',
      when: () => editor.canUndo,
      perform: () => {
        const label = editor.undoLabel
        editor.undo()
        notices.announce(`Undone: ${label}.`)
      },
    },
    ...['Mod+Shift+Z', 'Mod+Y'].map((shortcut, index): Action => ({
      id: index === 0 ? 'graph.redo' : 'graph.redo-again',
      name: 'Redo the change of the graph',
      group,
      shortcut,
      when: () => editor.canRedo,
      perform: () => {
        const label = editor.redoLabel
        editor.redo()
        notices.announce(`Redone: ${label}.`)
      },
    })),
    { id: 'graph.copy', name: 'Copy the mask', group, shortcut: 'Mod+C', when: view.canMask, perform: copy },
    {
      id: 'graph.paste',
      name: 'Paste a mask',
      group,
      shortcut: 'Mod+V',
      when: masking,
      perform: async () => editor.perform(pasteMask(await readClipboard())),
    },
    { id: 'graph.choose-all', name: 'Choose everything drawn', group, shortcut: 'Mod+A', perform: view.chooseAll },
    {
      id: 'graph.rename',
      name: 'Rename the chosen node',
      group,
      shortcut: 'F2',
      when: () => view.chosen().nodes.length === 1 && view.chosen().edges.length === 0,
      perform: view.startRename,
    },
  ]
}
