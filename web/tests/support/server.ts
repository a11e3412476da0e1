/** Starts the server under test: the real binary, on a free port, with a data directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const STARTED_WITHIN_MS = 30_000;
const BINARY = resolve(
  process.env['PARACLETE_BIN'] ?? join(import.meta.dirname, '../../../target/debug/paraclete'),
);

export interface Server {
  url: string;
  port: number;
  stop: () => Promise<void>;
}

export interface ServerOptions {
  port?: number;
  /** Settings beside those that every test needs. */
  env?: Record<string, string>;
  /** Kept when the server stops; one of its own, and removed, when absent. */
  dataDir?: string;
}

export async function startServer({
  port = 0,
  env = {},
  dataDir: kept,
}: ServerOptions = {}): Promise<Server> {
  const dataDir = kept ?? mkdtempSync(join(tmpdir(), 'paraclete-test-'));
  const child = spawn(BINARY, ['serve'], {
    cwd: dataDir,
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: String(port), DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const url = await addressOf(child);
  return {
    url,
    port: Number(new URL(url).port),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      if (!kept) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    let output = '';
    const timer = setTimeout(
      () => failed(new Error(`no address in the output:\n${output}`)),
      STARTED_WITHIN_MS,
    );
    const read = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000);
      const [, address] = /(http:\/\/[\w.[\]:-]+:\d+)/.exec(output) ?? [];
      if (!address) return;
      clearTimeout(timer);
      found(address.replace('0.0.0.0', '127.0.0.1'));
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', failed);
    child.once('exit', (code) => failed(new Error(`${BINARY} ended with ${code}:\n${output}`)));
  });
}
