// What is the matter with the console, for as long as it is.

import {fill, h} from '../lib/dom.js'
import {trouble} from '../lib/reach.js'
import {t} from '../lib/texts.js'

/** Draws it into its place under the bar; again after another language was chosen. */
export const drawBanner = () => {
  const place = document.getElementById('banner')
  const code = trouble()
  place.hidden = code === null
  fill(place, code !== null && [h('span', {class: 'pulse', 'aria-hidden': 'true'}), h('span', {}, t(`away.${code}`))])
}
