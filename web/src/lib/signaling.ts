/**
 * The mesh dialect over Socket.IO: rooms of peers addressed by their socket ids.
 *
 * Everything the demo says to the server is in this file; docs/PROTOCOL.md describes the events.
 */
import { io, type Socket } from 'socket.io-client';
import type { Pass } from './account/pass.ts';
import { refusalOf, sentence, signInRequired } from './account/refusal.ts';
import type { Signal } from './negotiation.ts';

const JOIN_TIMEOUT_MS = 10_000;
const HELD_SIGNALS_MAX = 500;
const RECONNECT_AFTER_DISMISSAL_MS = 2_000;
/** A new token that is refused sooner than this will not be helped by another. */
const RENEWAL_INTERVAL_MIN_MS = 5_000;
/** Codes of a token that was not taken, or is no longer: in the handshake, and on an open connection. */
const TOKEN_REFUSED = new Set(['AUTH001', 'AUTH002', 'AUTH_ERROR']);

export interface PeerRow {
  peerId: string;
  userId: string;
  username?: string;
}

export interface Failure {
  code: string;
  message: string;
  /** When asking again may help, in milliseconds. */
  retryAfterMs?: number | undefined;
}

export interface SignalingHandlers {
  /** A connection stands. `resumed`: the server kept our place and our id, nothing was missed. */
  connected: (resumed: boolean) => void;
  /** The connection is gone; the client goes on trying by itself. */
  interrupted: () => void;
  /** The server turned us away at the door; the client does not try again by itself. */
  refused: (failure: Failure) => void;
  existingPeers: (peers: PeerRow[]) => void;
  peerJoined: (peer: PeerRow) => void;
  peerLeft: (peerId: string) => void;
  signal: (from: string, signal: Signal) => void;
  error: (failure: Failure) => void;
}

export interface SignalingOptions {
  pass: Pass;
  /** Socket.IO transports in order of preference; the client's own default when absent. */
  transports: ('websocket' | 'polling')[] | undefined;
  handlers: SignalingHandlers;
}

type Ack = { success: true } | { success: false; error: Failure };
type Relay = { from: string } & Record<'offer' | 'answer', RTCSessionDescriptionInit> & {
    candidate: RTCIceCandidateInit | null;
  };

export class Signaling {
  readonly #socket: Socket;
  readonly #handlers: SignalingHandlers;
  readonly #pass: Pass;
  /** Signals made while the connection is down; good only if the server kept our place. */
  #held: [event: string, payload: object][] = [];
  #dismissal: ReturnType<typeof setTimeout> | undefined;
  /** Why the server is about to end this connection: said just before it does. */
  #revoked: Failure | undefined;
  /** On the clock of `performance`. */
  #renewedAt = Number.NEGATIVE_INFINITY;
  #extendedAt = Number.NEGATIVE_INFINITY;
  #extension: ReturnType<typeof setTimeout> | undefined;
  #left = false;

  constructor({ pass, transports, handlers }: SignalingOptions) {
    this.#pass = pass;
    this.#handlers = handlers;
    this.#socket = io({
      auth: (give) => void this.#authenticate(give),
      reconnectionDelayMax: 5_000,
      ...(transports && { transports }),
    });
    this.#listen();
  }

  /** Our own peer id while connected. */
  get id(): string | undefined {
    return this.#socket.id;
  }

  /** Resolves when the server has us in the room; rejects with a `Failure`. */
  async join(roomId: string): Promise<void> {
    let ack: Ack;
    try {
      ack = await this.#socket.timeout(JOIN_TIMEOUT_MS).emitWithAck('join', { roomId });
    } catch {
      throw { code: 'TIMEOUT', message: 'The server did not answer in time.' } satisfies Failure;
    }
    if (!ack.success) throw ack.error;
  }

  relay(to: string, signal: Signal): void {
    if (signal.kind === 'candidate') this.#send('ice-candidate', { to, candidate: signal.candidate });
    else if (signal.description.type === 'offer') this.#send('offer', { to, offer: signal.description });
    else this.#send('answer', { to, answer: signal.description });
  }

  /** A new connection with a new id: whatever the server made of the old one, it is over. */
  startOver(): void {
    this.#socket.disconnect().connect();
  }

  leave(): void {
    this.#left = true;
    clearTimeout(this.#dismissal);
    clearTimeout(this.#extension);
    if (this.#socket.connected) this.#socket.emit('leave', {});
    this.#socket.disconnect();
  }

  #send(event: string, payload: object): void {
    if (this.#socket.connected) this.#socket.emit(event, payload);
    else if (this.#held.length < HELD_SIGNALS_MAX) this.#held.push([event, payload]);
  }

  /** A function and no value, so that each new connection shows a token of its own time. */
  async #authenticate(give: (auth: object) => void): Promise<void> {
    const { engine } = this.#socket.io;
    try {
      const auth = await this.#pass.auth();
      // The line may have dropped while a token was fetched: then the next one asks by itself.
      if (this.#socket.io.engine === engine && !this.#left) give(auth);
    } catch (error) {
      if (this.#left) return;
      this.#socket.disconnect();
      this.#handlers.refused(withoutToken(error));
    }
  }

  /** Our token was not taken: once with a new one, and then it is over. */
  async #renew(failure: Failure): Promise<void> {
    const { account } = this.#pass;
    if (!account) {
      this.#handlers.refused(signInRequired(failure.message));
      return;
    }
    if (performance.now() - this.#renewedAt < RENEWAL_INTERVAL_MIN_MS) {
      this.#handlers.refused(await account.giveUp());
      return;
    }
    try {
      await account.renew();
      this.#renewedAt = performance.now();
    } catch (error) {
      if (!this.#left) this.#handlers.refused(withoutToken(error));
      return;
    }
    if (!this.#left) this.#socket.connect();
  }

  /** A token that runs out is replaced on the open connection; if that fails, the server ends it and we renew. */
  async #extend(): Promise<void> {
    if (!this.#pass.account) return;
    this.#extendedAt = performance.now();
    try {
      const token = await this.#pass.account.renew();
      await this.#socket.timeout(JOIN_TIMEOUT_MS).emitWithAck('authenticate', { token });
    } catch (error) {
      console.info('The sign-in was not extended:', refusalOf(error).code);
    }
  }

  /** A token whose whole life is shorter than the warning is warned of at once, each time anew. */
  #extendSoon(): void {
    const wait = this.#extendedAt + RENEWAL_INTERVAL_MIN_MS - performance.now();
    clearTimeout(this.#extension);
    this.#extension = setTimeout(() => void this.#extend(), Math.max(0, wait));
  }

  #listen(): void {
    const socket = this.#socket;
    const handlers = this.#handlers;
    socket.on('connect', () => {
      const held = this.#held;
      this.#held = [];
      if (socket.recovered) for (const [event, payload] of held) socket.emit(event, payload);
      handlers.connected(socket.recovered);
    });
    socket.on('disconnect', (reason) => {
      if (reason === 'io client disconnect') return;
      const revoked = this.#revoked;
      this.#revoked = undefined;
      if (revoked) {
        // The client would come back by itself where the whole connection was closed, with the same token.
        socket.disconnect();
        handlers.interrupted();
        void this.#renew(revoked);
        return;
      }
      // A server that closes the namespace itself is the one case the client does not retry alone.
      if (reason === 'io server disconnect')
        this.#dismissal = setTimeout(() => socket.connect(), RECONNECT_AFTER_DISMISSAL_MS);
      handlers.interrupted();
    });
    socket.on('connect_error', (error: Error & { data?: Partial<Failure> }) => {
      const failure: Failure = { code: 'REFUSED', ...error.data, message: error.message };
      if (socket.active) handlers.interrupted();
      else if (TOKEN_REFUSED.has(failure.code)) void this.#renew(failure);
      else handlers.refused(failure);
    });
    socket.on('existing-peers', handlers.existingPeers);
    socket.on('peer-joined', handlers.peerJoined);
    socket.on('peer-left', ({ peerId }: PeerRow) => handlers.peerLeft(peerId));
    socket.on('offer', ({ from, offer }: Relay) =>
      handlers.signal(from, { kind: 'description', description: offer }),
    );
    socket.on('answer', ({ from, answer }: Relay) =>
      handlers.signal(from, { kind: 'description', description: answer }),
    );
    socket.on('ice-candidate', ({ from, candidate }: Relay) =>
      handlers.signal(from, { kind: 'candidate', candidate }),
    );
    socket.on('token-expiring', () => this.#extendSoon());
    socket.on('error', (failure: Failure & { event?: string }) => {
      if (failure.event === 'connect' && TOKEN_REFUSED.has(failure.code)) this.#revoked = failure;
      else handlers.error(failure);
    });
  }
}

/** No token could be had: the sign-in has ended, or it is a matter of time. */
function withoutToken(error: unknown): Failure {
  const refusal = refusalOf(error);
  if (refusal.code === 'SIGNED_OUT') return refusal;
  return { code: 'UNAVAILABLE', message: sentence(refusal), retryAfterMs: refusal.retryAfterMs };
}
