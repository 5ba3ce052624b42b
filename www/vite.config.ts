import { rm } from 'node:fs/promises';

import { type Plugin, defineConfig } from 'vite';

import { land } from './build/land.ts';

/** Removes what the last build wrote; `dist/yew`, which another build puts there, stays. */
function freshAssets(): Plugin {
  return {
    name: 'fresh-assets',
    apply: 'build',
    buildStart: () => rm(new URL('dist/assets', import.meta.url), { recursive: true, force: true }),
  };
}

export default defineConfig({
  // Relative urls, so that the page works under any path of any server.
  base: './',
  plugins: [land(), freshAssets()],
  build: {
    target: 'es2022',
    // The page's policy forbids inline scripts, and an inlined font or image would need `data:`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    emptyOutDir: false,
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      input: ['index.html', 'ticker.html'],
    },
  },
  server: {
    host: '127.0.0.1',
    // `npm run dev` beside a running `cargo xtask demo`; the WebSocket has a port of its own.
    proxy: Object.fromEntries(
      ['/config.json', '/chaos', '/stats'].map((path) => [path, 'http://127.0.0.1:8080']),
    ),
  },
});
