// Light, dark, or as the system has it. The palettes are in base.css.

import {choices} from './keep.js'

export const THEMES = ['auto', 'light', 'dark']

export const theme = () => document.documentElement.dataset.theme ?? 'auto'

export const chooseTheme = chosen => {
  if (chosen === 'auto') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = chosen
  choices.set('theme', chosen === 'auto' ? null : chosen)
  document.dispatchEvent(new Event('themechange'))
}
