import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mannersOf, type NegotiableConnection, Negotiator, type Signal } from '../../src/lib/negotiation.ts';

/** The signaling states of JSEP with nothing behind them. Descriptions are named: `offer 1 of a`. */
class FakeConnection implements NegotiableConnection {
  signalingState: RTCSignalingState = 'stable';
  localDescription: RTCSessionDescriptionInit | null = null;
  /** The last offer and answer that both sides hold. */
  agreed: string[] = [];
  candidates: (RTCIceCandidateInit | null)[] = [];
  #pending: string[] = [];
  #made = 0;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  async setLocalDescription(): Promise<void> {
    const answers = this.signalingState === 'have-remote-offer';
    const type = answers ? 'answer' : 'offer';
    this.#made += 1;
    const sdp = `${type} ${this.#made} of ${this.#name}`;
    if (answers) this.#settle(sdp);
    else {
      assert.equal(this.signalingState, 'stable');
      this.signalingState = 'have-local-offer';
      this.#pending = [sdp];
    }
    this.localDescription = { type, sdp };
  }

  async setRemoteDescription({ type, sdp = '' }: RTCSessionDescriptionInit): Promise<void> {
    await Promise.resolve();
    if (type === 'offer') {
      assert.ok(['stable', 'have-local-offer'].includes(this.signalingState), this.signalingState);
      this.signalingState = 'have-remote-offer';
      this.#pending = [sdp];
    } else {
      assert.equal(this.signalingState, 'have-local-offer');
      this.#settle(sdp);
    }
  }

  async addIceCandidate(candidate: RTCIceCandidateInit | null): Promise<void> {
    if (candidate?.candidate === 'bad') throw new Error('no such line');
    this.candidates.push(candidate);
  }

  #settle(answer: string): void {
    this.agreed = [...this.#pending, answer];
    this.#pending = [];
    this.signalingState = 'stable';
  }
}

interface Side {
  connection: FakeConnection;
  negotiator: Negotiator;
  outbox: Signal[];
}

function side(name: string, other: string, beforeAnswer?: () => void): Side {
  const connection = new FakeConnection(name);
  const outbox: Signal[] = [];
  const negotiator = new Negotiator({
    connection,
    manners: mannersOf(name, other),
    send: (signal) => outbox.push(signal),
    ...(beforeAnswer && { beforeAnswer }),
  });
  return { connection, negotiator, outbox };
}

async function deliver(from: Side, to: Side): Promise<void> {
  const signal = from.outbox.shift();
  if (signal) await to.negotiator.receive(signal);
}

test('the two sides of a pair always have opposite manners', () => {
  assert.equal(mannersOf('a', 'b'), 'polite');
  assert.equal(mannersOf('b', 'a'), 'impolite');
});

test('an offer is answered and both sides agree', async () => {
  const a = side('a', 'b');
  const b = side('b', 'a');
  await a.negotiator.offer();
  await deliver(a, b);
  await deliver(b, a);
  assert.deepEqual(a.connection.agreed, ['offer 1 of a', 'answer 1 of b']);
  assert.deepEqual(b.connection.agreed, a.connection.agreed);
});

test('when offers cross, the polite side answers the impolite side', async () => {
  const polite = side('a', 'b');
  const impolite = side('b', 'a');
  await Promise.all([polite.negotiator.offer(), impolite.negotiator.offer()]);
  await Promise.all([deliver(polite, impolite), deliver(impolite, polite)]);
  await deliver(polite, impolite);
  assert.deepEqual(impolite.connection.agreed, ['offer 1 of b', 'answer 2 of a']);
  assert.deepEqual(polite.connection.agreed, impolite.connection.agreed);
  assert.deepEqual([polite.outbox, impolite.outbox], [[], []]);
});

test('candidates that belong to an ignored offer may fail, others may not', async () => {
  const polite = side('a', 'b');
  const impolite = side('b', 'a');
  const bad: Signal = { kind: 'candidate', candidate: { candidate: 'bad' } };
  await assert.rejects(impolite.negotiator.receive(bad));
  await Promise.all([polite.negotiator.offer(), impolite.negotiator.offer()]);
  await deliver(polite, impolite);
  await impolite.negotiator.receive(bad);
  assert.deepEqual(impolite.connection.candidates, []);
});

test('the end of candidates is passed on', async () => {
  const a = side('a', 'b');
  await a.negotiator.receive({ kind: 'candidate', candidate: null });
  assert.deepEqual(a.connection.candidates, [null]);
});

test('an offer that follows an answer still being applied is not a collision', async () => {
  const a = side('a', 'b');
  const impolite = side('b', 'a');
  await impolite.negotiator.offer();
  await deliver(impolite, a);
  await a.negotiator.offer();
  // Answer and next offer arrive in one packet: the second does not wait for the first to be applied.
  const [answer, offer] = a.outbox.splice(0);
  assert.ok(answer && offer);
  await Promise.all([impolite.negotiator.receive(answer), impolite.negotiator.receive(offer)]);
  await deliver(impolite, a);
  assert.deepEqual(a.connection.agreed, ['offer 2 of a', 'answer 2 of b']);
  assert.deepEqual(impolite.connection.agreed, a.connection.agreed);
});

test('what is to be added before an answer is added between offer and answer', async () => {
  const states: string[] = [];
  const a = side('a', 'b');
  const b = side('b', 'a', () => states.push(b.connection.signalingState));
  await a.negotiator.offer();
  await deliver(a, b);
  await deliver(b, a);
  assert.deepEqual(states, ['have-remote-offer']);
});

test('any order of offers and deliveries ends in agreement', async () => {
  for (let seed = 1; seed <= 300; seed++) {
    let state = seed;
    const random = (below: number) => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    const a = side('a', 'b');
    const b = side('b', 'a');
    for (let step = 0; step < 30; step++) {
      const [mine, theirs] = random(2) === 0 ? [a, b] : [b, a];
      // A browser fires negotiationneeded in `stable` alone.
      if (random(3) === 0 && mine.connection.signalingState === 'stable') await mine.negotiator.offer();
      else await deliver(mine, theirs);
    }
    while (a.outbox.length + b.outbox.length > 0) {
      await deliver(a, b);
      await deliver(b, a);
    }
    assert.equal(a.connection.signalingState, 'stable', `seed ${seed}`);
    assert.equal(b.connection.signalingState, 'stable', `seed ${seed}`);
    assert.deepEqual(a.connection.agreed, b.connection.agreed, `seed ${seed}`);
  }
});
