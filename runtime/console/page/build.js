// Bundles the page's comforts out of locked packages into static/built. `make page` calls it.

import {mkdir, readFile, readdir, rm, writeFile} from 'node:fs/promises'
import {fileURLToPath} from 'node:url'

import {build} from 'esbuild'

const here = path => fileURLToPath(new URL(path, import.meta.url))
const OUT = here('static/built')

/** The packages that something went into the bundles from. */
const packagesOf = ({inputs}) => {
  const found = Object.keys(inputs).map(path => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
  return [...new Set(found.filter(Boolean))].sort()
}

/** A package's name, version and the text of its licence, which asks to go with every copy. */
const notice = async name => {
  const folder = here(`node_modules/${name}`)
  const {version, license} = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'))
  const file = (await readdir(folder)).find(one => /^licen[cs]e/i.test(one))
  if (!file) throw new Error(`${name} has no licence`)
  return `${name} ${version} (${license})\n\n${await readFile(`${folder}/${file}`, 'utf8')}`
}

await rm(OUT, {recursive: true, force: true})
await mkdir(OUT, {recursive: true})
const {metafile} = await build({
  absWorkingDir: here('.'),
  entryPoints: ['sources/editor.js', 'sources/charts.js'],
  outdir: OUT,
  bundle: true,
  minify: true,
  metafile: true,
  format: 'esm',
  target: ['chrome123', 'firefox124', 'safari17.5'], // what light-dark() of the page's styles asks for
  legalComments: 'none', // LICENSES.txt has them whole
  logLevel: 'warning',
})
const notices = await Promise.all(packagesOf(metafile).map(notice))
await writeFile(`${OUT}/LICENSES.txt`, notices.join(`\n${'-'.repeat(72)}\n\n`))
