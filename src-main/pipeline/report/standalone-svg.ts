import type { Figure } from './report-document'
import { reportStyle } from './report-style'
import { figureSvg } from './svg'

/** A figure as an SVG file of its own, with the style sheet of reports in it. */
export const standaloneSvg = (figure: Figure): string =>
  figureSvg(figure, 'figure')
    .replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ')
    .replace('>', () => `><style><![CDATA[${reportStyle}]]></style>`) + '\n'
