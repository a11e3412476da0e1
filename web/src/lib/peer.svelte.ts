/** One other person: their connection, their picture and sound, and the channel for chat. */
import { decode, encode, type Presence, type Wire } from './chat.ts';
import { mannersOf, Negotiator, type Signal } from './negotiation.ts';
import type { VideoBudget } from './quality.ts';
import { appended, type Sample, sampleBetween, type Totals, totalsOf } from './stats.ts';

const ICE_RESTARTS_MAX = 5;
const SAMPLES_MAX = 60;
const SPEAKING_LEVEL = 0.03;
/** Both sides open the channel with this id, so none has to wait for the other's. */
const CHAT_CHANNEL_ID = 0;

/** `connecting` until the first success, `interrupted` while ICE looks for another way. */
export type PeerState = 'connecting' | 'connected' | 'interrupted' | 'failed';

export interface PeerOptions {
  id: string;
  selfId: string;
  name: string;
  colour: string;
  /** Who came later makes the first offer: exactly one side does, so they seldom cross. */
  opens: 'us' | 'them';
  iceServers: RTCIceServer[];
  tracks: () => Tracks;
  presence: () => Presence;
  send: (signal: Signal) => void;
  onChat: (peer: Peer, text: string) => void;
  onScreen: (peer: Peer) => void;
}

export interface Tracks {
  audio: MediaStreamTrack | undefined;
  video: MediaStreamTrack | undefined;
}

export class Peer {
  readonly id: string;
  readonly name: string;
  readonly colour: string;
  state = $state<PeerState>('connecting');
  /** What they say of themselves; a client without our chat channel says nothing. */
  presence = $state.raw<Presence>();
  speaking = $state(false);
  /** Their sound and picture. The object stays, its tracks come and go. */
  readonly stream = new MediaStream();
  #hasVideo = $state(false);
  totals = $state.raw<Totals>();
  samples = $state.raw<Sample[]>([]);

  readonly #options: PeerOptions;
  readonly #connection: RTCPeerConnection;
  readonly #negotiator: Negotiator;
  readonly #senders = new Map<keyof Tracks, RTCRtpSender>();
  /** Names what we send as belonging together, which lets the receiver keep lips and voice in step. */
  readonly #outgoing = new MediaStream();
  #channel: RTCDataChannel | undefined;
  #iceRestarts = 0;

  readonly shows = $derived<Presence['video']>(
    !this.#hasVideo ? 'off' : this.presence ? this.presence.video : 'camera',
  );

  constructor(options: PeerOptions) {
    this.#options = options;
    this.id = options.id;
    this.name = options.name;
    this.colour = options.colour;
    this.#connection = new RTCPeerConnection({ iceServers: options.iceServers, bundlePolicy: 'max-bundle' });
    this.#negotiator = new Negotiator({
      connection: this.#connection,
      manners: mannersOf(options.selfId, options.id),
      send: options.send,
      beforeAnswer: () => this.#open(),
    });
    this.#follow();
    if (options.opens === 'us') this.#open();
  }

  receive(signal: Signal): void {
    this.#negotiator.receive(signal).catch((error: unknown) => this.#complain(error));
  }

  /** Makes what is sent equal to what runs here: by replacing where there is a sender, else by adding. */
  sendTracks(): void {
    if (!this.#channel) return;
    const tracks = this.#options.tracks();
    for (const kind of ['audio', 'video'] as const) {
      const track = tracks[kind];
      const sender = this.#senders.get(kind);
      if (sender) {
        if (sender.track !== (track ?? null)) {
          sender.replaceTrack(track ?? null).catch((error: unknown) => this.#complain(error));
        }
      } else if (track) {
        this.#senders.set(kind, this.#connection.addTrack(track, this.#outgoing));
      }
    }
  }

  limitVideo(budget: VideoBudget, tries = 3): void {
    const sender = this.#senders.get('video');
    const parameters = sender?.getParameters();
    const [encoding] = parameters?.encodings ?? [];
    if (!sender || !parameters || !encoding) return;
    if (
      encoding.maxBitrate === budget.maxBitrate &&
      encoding.scaleResolutionDownBy === budget.scaleResolutionDownBy
    )
      return;
    Object.assign(encoding, budget);
    sender.setParameters(parameters).catch((error: unknown) => {
      // A negotiation came between reading and setting them: read them anew.
      const isStale = error instanceof DOMException && error.name === 'InvalidModificationError';
      if (isStale && tries > 1) this.limitVideo(budget, tries - 1);
      else this.#complain(error);
    });
  }

  /** False when the channel is not open: this person does not get it. */
  tell(message: Wire): boolean {
    if (this.#channel?.readyState !== 'open') return false;
    this.#channel.send(encode(message));
    return true;
  }

  async measure(): Promise<void> {
    if (this.#connection.connectionState === 'closed') return;
    const report = await this.#connection.getStats();
    const totals = totalsOf(report.values(), performance.now());
    if (this.totals) this.samples = appended(this.samples, sampleBetween(this.totals, totals), SAMPLES_MAX);
    this.totals = totals;
  }

  /** Cheap enough to ask several times a second, unlike `measure`. */
  listen(): void {
    const receiver = this.#connection.getReceivers().find(({ track }) => track.kind === 'audio');
    const [source] = receiver?.getSynchronizationSources() ?? [];
    this.speaking = (source?.audioLevel ?? 0) > SPEAKING_LEVEL;
  }

  /** For the person's own "try again", after ICE gave up by itself. */
  reconnect(): void {
    this.#iceRestarts = 0;
    this.state = 'interrupted';
    this.#connection.restartIce();
  }

  close(): void {
    this.#channel?.close();
    this.#connection.close();
  }

  /** Channel and tracks. The side that answers opens inside the first offer: one round trip serves both. */
  #open(): void {
    if (this.#channel) return;
    const channel = this.#connection.createDataChannel('chat', { negotiated: true, id: CHAT_CHANNEL_ID });
    channel.addEventListener('open', () => this.tell({ type: 'presence', ...this.#options.presence() }));
    channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => this.#hear(decode(data)));
    this.#channel = channel;
    this.sendTracks();
  }

  #hear(message: Wire | undefined): void {
    if (message?.type === 'chat') this.#options.onChat(this, message.text);
    if (message?.type !== 'presence') return;
    if (message.video === 'screen' && this.presence?.video !== 'screen') this.#options.onScreen(this);
    this.presence = message;
  }

  #follow(): void {
    const connection = this.#connection;
    connection.addEventListener('negotiationneeded', () => {
      this.#negotiator.offer().catch((error: unknown) => this.#complain(error));
    });
    connection.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate) this.#options.send({ kind: 'candidate', candidate: candidate.toJSON() });
    });
    connection.addEventListener('track', ({ track }) => {
      const earlier = this.stream.getTracks().find((each) => each.kind === track.kind);
      if (earlier) this.stream.removeTrack(earlier);
      this.stream.addTrack(track);
      if (track.kind === 'video') this.#hasVideo = true;
    });
    connection.addEventListener('connectionstatechange', () => this.#followConnection());
  }

  #followConnection(): void {
    switch (this.#connection.connectionState) {
      case 'connected':
        this.#iceRestarts = 0;
        this.state = 'connected';
        return;
      case 'disconnected':
        this.state = 'interrupted';
        return;
      case 'failed':
        this.#restartIce();
        return;
      case 'new':
      case 'connecting':
      case 'closed':
        return;
    }
  }

  #restartIce(): void {
    if (this.#iceRestarts >= ICE_RESTARTS_MAX) {
      this.state = 'failed';
      return;
    }
    this.#iceRestarts += 1;
    this.state = 'interrupted';
    this.#connection.restartIce();
  }

  /** Negotiation fails when the connection was closed under it, which is no news, or for a reason to fix. */
  #complain(error: unknown): void {
    if (this.#connection.signalingState !== 'closed') console.warn(`Negotiation with ${this.name}:`, error);
  }
}
