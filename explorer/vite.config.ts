import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** The explorer as static files below /graphiql/; everything it needs comes from the same origin (src/http/explorer.ts). */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/graphiql/',
  logLevel: 'error',
  build: {
    outDir: fileURLToPath(new URL('../dist/explorer', import.meta.url)),
    emptyOutDir: true,
    // Monaco is one big piece, whatever is done about it.
    chunkSizeWarningLimit: 10_000,
  },
});
