import { fileURLToPath } from 'node:url'
import preact from '@preact/preset-vite'
import { defineConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// Everything local, relative addresses: the page also works behind a proxy's prefix.
export default defineConfig({
  root: here('.'),
  base: './',
  plugins: [preact()],
  build: {
    outDir: here('../../../dist/dashboard/web'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
})
