// Colours of the editor: the page's own variables, which reach into the shadow root, so both themes are one.

import {HighlightStyle} from '@codemirror/language'
import {EditorView} from '@codemirror/view'
import {tags} from '@lezer/highlight'

export const colours = HighlightStyle.define([
  {tag: tags.comment, color: 'var(--code-comment)', fontStyle: 'italic'},
  {tag: [tags.keyword, tags.bool, tags.null], color: 'var(--code-keyword)', fontWeight: '600'},
  {tag: tags.string, color: 'var(--code-string)'},
  {tag: tags.number, color: 'var(--code-number)'},
  {tag: [tags.standard(tags.name), tags.propertyName], color: 'var(--code-function)'},
  {tag: tags.special(tags.variableName), color: 'var(--code-variable)'},
  {tag: tags.definition(tags.variableName), color: 'var(--text)', fontWeight: '600'},
])

const panel = {backgroundColor: 'var(--raised)', color: 'var(--text)', borderColor: 'var(--line)'}
const field = {backgroundColor: 'var(--ground)', color: 'var(--text)', border: '1px solid var(--line-strong)', borderRadius: '4px', fontSize: '13px'}

export const look = EditorView.theme({
  '&': {height: '100%', color: 'var(--text)', backgroundColor: 'var(--surface)', fontSize: '13px'},
  '&.cm-focused': {outline: 'none'},
  '.cm-scroller': {fontFamily: 'var(--mono)', lineHeight: '1.5'},
  '.cm-content': {caretColor: 'var(--text)'},
  '.cm-cursor': {borderLeftColor: 'var(--text)'},
  '.cm-gutters': {backgroundColor: 'var(--raised)', color: 'var(--muted)', borderRight: '1px solid var(--line)'},
  '.cm-activeLine': {backgroundColor: 'var(--line-now)'},
  '.cm-activeLineGutter': {backgroundColor: 'var(--line-now)', color: 'var(--text)'},
  '.cm-selectionMatch': {backgroundColor: 'var(--match)'},
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--selection)',
  },
  '&.cm-focused .cm-matchingBracket': {backgroundColor: 'var(--match)', outline: '1px solid var(--line-strong)'},
  '.cm-panels': panel,
  '.cm-panel.cm-search': {padding: '6px 8px', fontSize: '13px'},
  '.cm-textfield': field,
  '.cm-button': {...field, backgroundImage: 'none', cursor: 'pointer'},
  '.cm-panel.cm-search [name=close]': {color: 'var(--text)', fontSize: '18px', cursor: 'pointer'},
  '.cm-tooltip': {...panel, border: '1px solid var(--line-strong)', borderRadius: '6px', boxShadow: 'var(--shadow)'},
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': {backgroundColor: 'var(--accent)', color: 'var(--on-accent)'},
  '.cm-completionInfo': {maxWidth: '26rem', padding: '6px 10px', whiteSpace: 'normal'},
  '.cm-diagnostic-error': {borderLeftColor: 'var(--bad)'},
  '.cm-diagnostic-warning': {borderLeftColor: 'var(--warn)'},
  '.cm-diagnosticSource': {opacity: '1', color: 'var(--muted)', marginLeft: '8px'},
  '.page': {maxWidth: '30rem', padding: '8px 12px', fontFamily: 'var(--sans)', lineHeight: '1.45'},
  '.page code': {fontFamily: 'var(--mono)', fontWeight: '600', overflowWrap: 'anywhere'},
  '.page p': {margin: '4px 0 0'},
})
