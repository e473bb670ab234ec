/**
 * Cytoscape puts a style element into the page, which the content security policy refuses; its one rule stands in the canvases' own
 * styles. It leaves the page alone where an element of this id is there already.
 */
export function standInForInjectedStyle(): void {
  const id = '__________cytoscape_stylesheet'
  if (document.getElementById(id)) return
  const standIn = document.createElement('meta')
  standIn.id = id
  document.head.append(standIn)
}
