import { cpSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

const here = dirname(fileURLToPath(import.meta.url));

/**
 * Puts the npm client's own browser files beside the page, so that the server can answer
 * `/socket.io/socket.io.js` as a Node Socket.IO server does: pages that load the client from
 * their signaling server go on working.
 */
function socketIoClientFiles(): Plugin {
  const from = join(here, 'node_modules/socket.io-client/dist');
  const files = ['socket.io.js', 'socket.io.js.map', 'socket.io.min.js', 'socket.io.min.js.map'];
  return {
    name: 'socket-io-client-files',
    apply: 'build',
    closeBundle() {
      const to = join(here, 'dist/socket.io');
      mkdirSync(to, { recursive: true });
      for (const file of files) cpSync(join(from, file), join(to, file));
    },
  };
}

export default defineConfig({
  plugins: [svelte(), socketIoClientFiles()],
  build: {
    // The server's content security policy allows no inline script; an inlined asset would be one
    // more thing to allow, so every asset is a file.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: {
    // `npm run dev` beside a running binary: the page from Vite, the signaling from Paraclete.
    proxy: {
      '/api': { target: 'http://localhost:3000' },
      '/socket.io': { target: 'http://localhost:3000', ws: true },
    },
  },
});
