/** A call: the room we are in, the people in it, and what keeps the three of signaling, media and page in step. */

import type { Pass } from './account/pass.ts';
import type { Transport } from './address.ts';
import { appended, type ChatMessage, cleaned } from './chat.ts';
import { ICE_SERVERS } from './ice.ts';
import type { LocalMedia } from './local.svelte.ts';
import type { Signal } from './negotiation.ts';
import { notices } from './notices.svelte.ts';
import { Peer } from './peer.svelte.ts';
import { displayName, pickColour } from './people.ts';
import { screenBudget, videoBudget } from './quality.ts';
import { nextTry } from './returning.ts';
import { type Failure, type PeerRow, Signaling } from './signaling.ts';

const MEASURE_EVERY_MS = 1_000;
const LISTEN_EVERY_MS = 250;

export interface RoomOptions {
  id: string;
  username: string | undefined;
  pass: Pass;
  transport: Transport | undefined;
  local: LocalMedia;
}

export type Line = 'connecting' | 'online' | 'interrupted';

export class Room {
  readonly id: string;
  readonly username: string | undefined;
  readonly local: LocalMedia;
  peers = $state.raw<Peer[]>([]);
  selfId = $state<string>();
  line = $state<Line>('connecting');
  /** In the room at least once: a later interruption leaves the call standing. */
  joined = $state(false);
  failure = $state.raw<Failure>();
  messages = $state.raw<ChatMessage[]>([]);
  unread = $state(0);
  chatOpen = $state(false);

  readonly #signaling: Signaling;
  readonly #timers: ReturnType<typeof setInterval>[];
  /** In the room by this very connection, not by one before it. */
  #inside = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** When the way back was first barred, on the clock of `performance`. */
  #barredAt: number | undefined;

  constructor({ id, username, pass, transport, local }: RoomOptions) {
    this.id = id;
    this.username = username;
    this.local = local;
    local.onChange = () => this.#shareMedia();
    this.#signaling = new Signaling({
      pass,
      transports: transport && [transport],
      handlers: {
        connected: (resumed) => void this.#enter(resumed),
        interrupted: () => {
          // The next connection asks by itself, and with new patience.
          clearTimeout(this.#retry);
          this.#barredAt = undefined;
          this.line = this.joined ? 'interrupted' : 'connecting';
        },
        refused: (failure) => this.#setBack(failure, () => this.#signaling.startOver()),
        existingPeers: (rows) => {
          // To the others we are somebody new, and the old ties are dead. They were kept until here because
          // pictures and sound go on for as long as the others have not noticed.
          this.#hangUp();
          for (const row of rows) this.#add(row, 'us');
        },
        peerJoined: (row) => this.#welcome(row),
        peerLeft: (peerId) => this.#part(peerId),
        signal: (from, signal) => this.#deliver(from, signal),
        error: (failure) => this.#heed(failure),
      },
    });
    this.#timers = [
      setInterval(() => this.#measure(), MEASURE_EVERY_MS),
      setInterval(() => this.#listen(), LISTEN_EVERY_MS),
    ];
  }

  say(text: string): void {
    const clean = cleaned(text);
    if (clean === undefined) return;
    const heard = this.peers.filter((peer) => peer.tell({ type: 'chat', text: clean }));
    if (heard.length < this.peers.length)
      notices.announce('Not everyone is connected: some did not get your message.');
    this.#log(this.username ?? 'You', this.selfId ?? '', clean, true);
  }

  openChat(open: boolean): void {
    this.chatOpen = open;
    if (open) this.unread = 0;
  }

  leave(): void {
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#retry);
    this.local.onChange = () => {};
    this.#signaling.leave();
    this.#hangUp();
  }

  async #enter(resumed: boolean): Promise<void> {
    clearTimeout(this.#retry);
    if (resumed && this.#inside) {
      this.line = 'online';
      return;
    }
    this.#inside = false;
    this.selfId = this.#signaling.id;
    try {
      await this.#signaling.join(this.id);
    } catch (failure) {
      // Cut off while asking: the next connection asks again.
      if (this.#signaling.id === this.selfId) this.#barred(failure as Failure);
      return;
    }
    this.#inside = true;
    this.#barredAt = undefined;
    if (this.joined) notices.announce('Back in the room.');
    this.joined = true;
    this.line = 'online';
  }

  #barred(failure: Failure): void {
    // A server that did not answer may have us in the room all the same: only a new id starts clean.
    if (failure.code === 'TIMEOUT') this.#setBack(failure, () => this.#signaling.startOver());
    else this.#setBack(failure, () => void this.#enter(false));
  }

  /** Who was in the room gets a minute to get back in: the server may not have noticed yet that we went. */
  #setBack(failure: Failure, again: () => void): void {
    this.#barredAt ??= performance.now();
    const wait = this.joined ? nextTry(failure, performance.now() - this.#barredAt) : undefined;
    if (wait === undefined) {
      this.#fail(failure);
      return;
    }
    this.line = 'interrupted';
    clearTimeout(this.#retry);
    this.#retry = setTimeout(again, wait);
  }

  #welcome(row: PeerRow): void {
    const peer = this.#add(row, 'them');
    notices.announce(`${peer.name} joined`);
  }

  /** At once, not after any wait: the newcomer's offer may be the very next packet. */
  #add(row: PeerRow, opens: 'us' | 'them'): Peer {
    this.#remove(row.peerId);
    const peer = new Peer({
      id: row.peerId,
      selfId: this.selfId ?? '',
      name: displayName(row.username, row.peerId),
      colour: pickColour(
        row.username ?? row.peerId,
        this.peers.map((each) => each.colour),
      ),
      opens,
      iceServers: ICE_SERVERS,
      tracks: () => ({ audio: this.local.microphone, video: this.local.video }),
      presence: () => this.local.presence,
      send: (signal) => this.#signaling.relay(row.peerId, signal),
      onScreen: ({ name }) => notices.announce(`${name} shares a screen`),
      onChat: (from, text) => this.#log(from.name, from.id, text, false),
    });
    this.peers = [...this.peers, peer];
    return peer;
  }

  #part(peerId: string): void {
    const name = this.#remove(peerId)?.name;
    if (name) notices.announce(`${name} left`);
  }

  #remove(peerId: string): Peer | undefined {
    const peer = this.peers.find((each) => each.id === peerId);
    peer?.close();
    this.peers = this.peers.filter((each) => each !== peer);
    return peer;
  }

  #deliver(from: string, signal: Signal): void {
    this.peers.find((peer) => peer.id === from)?.receive(signal);
  }

  #shareMedia(): void {
    for (const peer of this.peers) {
      peer.sendTracks();
      peer.tell({ type: 'presence', ...this.local.presence });
    }
  }

  #listen(): void {
    for (const peer of this.peers) peer.listen();
  }

  #measure(): void {
    const budget = (this.local.screen ? screenBudget : videoBudget)(this.peers.length);
    for (const peer of this.peers) {
      peer.limitVideo(budget);
      void peer.measure();
    }
  }

  #log(author: string, authorId: string, text: string, own: boolean): void {
    this.messages = appended(this.messages, { author, authorId, own, text, at: new Date() });
    if (own || this.chatOpen) return;
    this.unread += 1;
    notices.announce(`${author}: ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`);
  }

  /** Errors that are not answers to a join: the peer that a signal was for has just left, mostly. */
  #heed(failure: Failure): void {
    if (failure.code !== 'PEER_NOT_FOUND') notices.announce(failure.message);
  }

  #fail(failure: Failure): void {
    this.failure = failure;
    this.leave();
  }

  #hangUp(): void {
    for (const peer of this.peers) peer.close();
    this.peers = [];
  }
}
