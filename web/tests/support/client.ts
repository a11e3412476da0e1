/** A socket.io-client whose events can be awaited, with a limit on every wait. */
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';

const WAIT_MS = 10_000;

export const TRANSPORTS = {
  'websocket alone': { transports: ['websocket'] },
  'polling alone': { transports: ['polling'] },
  'polling with upgrade': { transports: ['polling', 'websocket'] },
} satisfies Record<string, Partial<ManagerOptions>>;

export interface Ack {
  success: boolean;
  error?: { code: string; message: string };
  [member: string]: unknown;
}

export class Client {
  readonly socket: Socket;
  /** Everything that came and was not taken yet, in the order of arrival. */
  readonly #inbox: { event: string; args: unknown[] }[] = [];
  #wake: () => void = () => {};

  constructor(url: string, options: Partial<ManagerOptions & SocketOptions>) {
    this.socket = io(url, { forceNew: true, reconnection: false, ...options });
    this.socket.onAny((event: string, ...args: unknown[]) => {
      this.#inbox.push({ event, args });
      this.#wake();
    });
  }

  get id(): string {
    if (this.socket.id === undefined) throw new Error('not connected');
    return this.socket.id;
  }

  connected(): Promise<this> {
    return within('connect', (done, failed) => {
      if (this.socket.connected) done(this);
      this.socket.once('connect', () => done(this));
      this.socket.once('connect_error', failed);
    });
  }

  refused(): Promise<Error & { data?: unknown }> {
    return within('connect_error', (done) => this.socket.once('connect_error', done));
  }

  /** Resolves with the reason as the client tells it; at once when it is not connected. */
  ended(): Promise<string> {
    return within('disconnect', (done) => {
      if (!this.socket.connected) done('not connected');
      this.socket.once('disconnect', done);
    });
  }

  /** With polling first: the moment the connection has moved to WebSocket. */
  upgraded(): Promise<void> {
    const { engine } = this.socket.io;
    return within('upgrade', (done) => {
      if (engine.transport.name === 'websocket') done();
      else engine.once('upgrade', () => done());
    });
  }

  /** The first untaken event of that name; others stay untaken. One wait at a time. */
  async next<T = Record<string, unknown>>(event: string): Promise<T> {
    return within(event, (done) => {
      const look = () => {
        const index = this.#inbox.findIndex((each) => each.event === event);
        if (index < 0) return;
        this.#wake = () => {};
        done(this.#inbox.splice(index, 1)[0]?.args[0] as T);
      };
      this.#wake = look;
      look();
    });
  }

  /** The names of all untaken events. */
  get untaken(): string[] {
    return this.#inbox.map(({ event }) => event);
  }

  ask(event: string, ...args: unknown[]): Promise<Ack> {
    return this.socket.timeout(WAIT_MS).emitWithAck(event, ...args) as Promise<Ack>;
  }

  close(): void {
    this.socket.disconnect();
  }
}

function within<T>(
  what: string,
  start: (done: (value: T) => void, failed: (error: Error) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${what} within ${WAIT_MS} ms`)), WAIT_MS);
    const settle =
      <V>(how: (value: V) => void) =>
      (value: V) => {
        clearTimeout(timer);
        how(value);
      };
    start(settle(resolve), settle(reject));
  });
}
