/**
 * Perfect negotiation (W3C WebRTC, section 10.7) for one connection.
 *
 * Both sides may offer at any time. When two offers cross, the polite side drops its own and answers,
 * the impolite side goes on as if the other's had never come. Nothing here touches media, the network
 * or the page, so the rules can be tested with two machines in one process.
 */

/** The part of an RTCPeerConnection that negotiation needs. */
export interface NegotiableConnection {
  readonly signalingState: RTCSignalingState;
  readonly localDescription: RTCSessionDescriptionInit | null;
  setLocalDescription(): Promise<void>;
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void>;
  addIceCandidate(candidate: RTCIceCandidateInit | null): Promise<void>;
}

export type Signal =
  | { kind: 'description'; description: RTCSessionDescriptionInit }
  | { kind: 'candidate'; candidate: RTCIceCandidateInit | null };

export type Manners = 'polite' | 'impolite';

/** Who yields when offers cross: both sides come to opposite answers from the two ids alone. */
export function mannersOf(selfId: string, otherId: string): Manners {
  return selfId < otherId ? 'polite' : 'impolite';
}

export interface NegotiatorOptions {
  connection: NegotiableConnection;
  manners: Manners;
  send: (signal: Signal) => void;
  /** Called between taking a remote offer and answering it: tracks added here travel in the answer. */
  beforeAnswer?: () => void;
}

export class Negotiator {
  readonly #options: NegotiatorOptions;
  #makingOffer = false;
  #takingAnswer = false;
  #ignoringOffer = false;

  constructor(options: NegotiatorOptions) {
    this.#options = options;
  }

  /** Makes and sends an offer; for `negotiationneeded`. */
  async offer(): Promise<void> {
    this.#makingOffer = true;
    try {
      await this.#describeLocal();
    } finally {
      this.#makingOffer = false;
    }
  }

  async receive(signal: Signal): Promise<void> {
    if (signal.kind === 'description') await this.#receiveDescription(signal.description);
    else await this.#receiveCandidate(signal.candidate);
  }

  async #receiveDescription(description: RTCSessionDescriptionInit): Promise<void> {
    const { connection, manners, beforeAnswer } = this.#options;
    const collides = description.type === 'offer' && !this.#readyForOffer();
    this.#ignoringOffer = manners === 'impolite' && collides;
    if (this.#ignoringOffer) return;

    this.#takingAnswer = description.type === 'answer';
    try {
      // Rolls back an offer of our own, if there is one: that is what makes this side polite.
      await connection.setRemoteDescription(description);
    } finally {
      this.#takingAnswer = false;
    }
    if (description.type !== 'offer') return;
    beforeAnswer?.();
    await this.#describeLocal();
  }

  async #receiveCandidate(candidate: RTCIceCandidateInit | null): Promise<void> {
    try {
      await this.#options.connection.addIceCandidate(candidate);
    } catch (error) {
      // Candidates of an offer that was ignored belong to nothing; their refusal means nothing.
      if (!this.#ignoringOffer) throw error;
    }
  }

  async #describeLocal(): Promise<void> {
    const { connection, send } = this.#options;
    await connection.setLocalDescription();
    const description = connection.localDescription;
    if (description) send({ kind: 'description', description });
  }

  /** An answer being applied ends in `stable`, so an offer behind it does not collide. */
  #readyForOffer(): boolean {
    return !this.#makingOffer && (this.#options.connection.signalingState === 'stable' || this.#takingAnswer);
  }
}
