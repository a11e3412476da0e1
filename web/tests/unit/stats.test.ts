import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appended, sampleBetween, type Totals, totalsOf } from '../../src/lib/stats.ts';

const INBOUND_AUDIO = {
  type: 'inbound-rtp',
  kind: 'audio',
  ssrc: 7,
  bytesReceived: 1_000,
  packetsReceived: 50,
  packetsLost: 1,
};
const INBOUND_VIDEO = {
  type: 'inbound-rtp',
  kind: 'video',
  ssrc: 8,
  bytesReceived: 9_000,
  packetsReceived: 90,
  packetsLost: 2,
  framesDecoded: 30,
  frameWidth: 640,
  frameHeight: 360,
};

function report(...entries: object[]): Record<string, unknown>[] {
  return entries.map((entry, index) => ({ id: `id${index}`, ...entry }));
}

function totals(changes: Partial<Totals>): Totals {
  return { ...totalsOf([], 0), ...changes };
}

test('totals sum the streams of a peer', () => {
  const outbound = { type: 'outbound-rtp', kind: 'video', ssrc: 9, bytesSent: 4_000 };
  const sum = totalsOf(report(INBOUND_AUDIO, INBOUND_VIDEO, outbound), 5);
  assert.deepEqual(sum, {
    atMs: 5,
    bytesReceived: 10_000,
    bytesSent: 4_000,
    packetsReceived: 140,
    packetsLost: 3,
    audioPacketsReceived: 50,
    framesDecoded: 30,
    frameWidth: 640,
    frameHeight: 360,
    roundTripMs: undefined,
    route: undefined,
  });
});

test('placeholder streams with ssrc 0 do not count', () => {
  const sum = totalsOf(report({ ...INBOUND_VIDEO, ssrc: 0 }), 0);
  assert.equal(sum.framesDecoded, 0);
  assert.equal(sum.bytesReceived, 0);
});

test('the round trip and the route are those of the selected pair', () => {
  const entries = [
    { id: 'other', type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 9 },
    { id: 'pair', type: 'candidate-pair', currentRoundTripTime: 0.025, localCandidateId: 'local' },
    { id: 'local', type: 'local-candidate', candidateType: 'relay', protocol: 'tcp' },
    { id: 'transport', type: 'transport', selectedCandidatePairId: 'pair' },
  ];
  const { roundTripMs, route } = totalsOf(entries, 0);
  assert.equal(roundTripMs, 25);
  assert.equal(route, 'relayed, TCP');
});

test('without transport entries the nominated pair that succeeded is taken', () => {
  const entries = [
    { id: 'a', type: 'candidate-pair', nominated: true, state: 'failed', currentRoundTripTime: 9 },
    {
      id: 'b',
      type: 'candidate-pair',
      nominated: true,
      state: 'succeeded',
      currentRoundTripTime: 0.004,
      localCandidateId: 'l',
    },
    { id: 'l', type: 'local-candidate', candidateType: 'host', protocol: 'udp' },
  ];
  const { roundTripMs, route } = totalsOf(entries, 0);
  assert.equal(roundTripMs, 4);
  assert.equal(route, 'direct, UDP');
});

test('a sample holds rates over the time between two measurements', () => {
  const before = totals({
    atMs: 1_000,
    bytesReceived: 1_000,
    bytesSent: 500,
    packetsReceived: 10,
    packetsLost: 0,
  });
  const after = totals({
    atMs: 3_000,
    bytesReceived: 26_000,
    bytesSent: 3_000,
    packetsReceived: 28,
    packetsLost: 2,
    roundTripMs: 12,
  });
  assert.deepEqual(sampleBetween(before, after), {
    atMs: 3_000,
    receivedKbps: 100,
    sentKbps: 10,
    lossPercent: 10,
    roundTripMs: 12,
  });
});

test('counters that fall are no traffic, and silence is no loss', () => {
  const before = totals({ atMs: 0, bytesReceived: 5_000, packetsReceived: 10, packetsLost: 4 });
  const after = totals({ atMs: 1_000, bytesReceived: 100, packetsReceived: 1, packetsLost: 3 });
  assert.deepEqual(sampleBetween(before, after), {
    atMs: 1_000,
    receivedKbps: 0,
    sentKbps: 0,
    lossPercent: 0,
    roundTripMs: undefined,
  });
});

test('history keeps the newest samples up to its limit', () => {
  const sample = (atMs: number) => sampleBetween(totals({ atMs: 0 }), totals({ atMs }));
  let history = [sample(1)];
  for (let atMs = 2; atMs <= 5; atMs++) history = appended(history, sample(atMs), 3);
  assert.deepEqual(
    history.map(({ atMs }) => atMs),
    [3, 4, 5],
  );
});
