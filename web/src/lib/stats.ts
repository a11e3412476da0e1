/** What getStats says about one peer, made small enough to plot. */

/** Counters since the connection began, summed over all streams of the peer. */
export interface Totals {
  atMs: number;
  bytesReceived: number;
  bytesSent: number;
  packetsReceived: number;
  packetsLost: number;
  audioPacketsReceived: number;
  framesDecoded: number;
  frameWidth: number;
  frameHeight: number;
  roundTripMs: number | undefined;
  /** How the media travels, for people: "direct, UDP" or "relayed, TCP". */
  route: string | undefined;
}

/** One point of the plots. */
export interface Sample {
  atMs: number;
  receivedKbps: number;
  sentKbps: number;
  /** Of the packets this peer sent us since the last sample. */
  lossPercent: number;
  roundTripMs: number | undefined;
}

type Entry = Readonly<Record<string, unknown>>;

export function totalsOf(entries: Iterable<Entry>, atMs: number): Totals {
  const byId = new Map<unknown, Entry>();
  for (const entry of entries) byId.set(entry['id'], entry);
  const totals: Totals = {
    atMs,
    bytesReceived: 0,
    bytesSent: 0,
    packetsReceived: 0,
    packetsLost: 0,
    audioPacketsReceived: 0,
    framesDecoded: 0,
    frameWidth: 0,
    frameHeight: 0,
    roundTripMs: undefined,
    route: undefined,
  };
  for (const entry of byId.values()) {
    if (entry['type'] === 'inbound-rtp') addInbound(totals, entry);
    else if (entry['type'] === 'outbound-rtp') totals.bytesSent += count(entry, 'bytesSent');
  }
  const pair = selectedPair(byId);
  if (pair) {
    const seconds = pair['currentRoundTripTime'];
    if (typeof seconds === 'number') totals.roundTripMs = seconds * 1000;
    totals.route = routeOf(byId.get(pair['localCandidateId']));
  }
  return totals;
}

export function sampleBetween(before: Totals, after: Totals): Sample {
  const elapsedMs = Math.max(1, after.atMs - before.atMs);
  const received = rise(before.packetsReceived, after.packetsReceived);
  const lost = rise(before.packetsLost, after.packetsLost);
  return {
    atMs: after.atMs,
    // Bits per millisecond are kilobits per second.
    receivedKbps: (rise(before.bytesReceived, after.bytesReceived) * 8) / elapsedMs,
    sentKbps: (rise(before.bytesSent, after.bytesSent) * 8) / elapsedMs,
    lossPercent: received + lost === 0 ? 0 : (100 * lost) / (received + lost),
    roundTripMs: after.roundTripMs,
  };
}

/** The last `limit` samples, oldest first. */
export function appended(samples: readonly Sample[], next: Sample, limit: number): Sample[] {
  return [...samples, next].slice(-limit);
}

function addInbound(totals: Totals, entry: Entry): void {
  // Chromium reports a placeholder stream with ssrc 0 before media arrives; its counters are noise.
  if (entry['ssrc'] === 0) return;
  totals.bytesReceived += count(entry, 'bytesReceived');
  totals.packetsReceived += count(entry, 'packetsReceived');
  totals.packetsLost += count(entry, 'packetsLost');
  if (entry['kind'] === 'audio') totals.audioPacketsReceived += count(entry, 'packetsReceived');
  totals.framesDecoded += count(entry, 'framesDecoded');
  totals.frameWidth = Math.max(totals.frameWidth, count(entry, 'frameWidth'));
  totals.frameHeight = Math.max(totals.frameHeight, count(entry, 'frameHeight'));
}

function selectedPair(byId: ReadonlyMap<unknown, Entry>): Entry | undefined {
  for (const entry of byId.values()) {
    if (entry['type'] !== 'transport') continue;
    const pair = byId.get(entry['selectedCandidatePairId']);
    if (pair) return pair;
  }
  // Firefox has no transport entries: the nominated pair that succeeded is the one in use.
  for (const entry of byId.values()) {
    if (entry['type'] === 'candidate-pair' && entry['nominated'] === true && entry['state'] === 'succeeded') {
      return entry;
    }
  }
  return undefined;
}

function routeOf(candidate: Entry | undefined): string | undefined {
  if (!candidate) return undefined;
  const way = candidate['candidateType'] === 'relay' ? 'relayed' : 'direct';
  return `${way}, ${String(candidate['protocol'] ?? 'udp').toUpperCase()}`;
}

function count(entry: Entry, name: string): number {
  const value = entry[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

/** Counters fall when a stream ends (and packetsLost may fall by itself): that is no traffic. */
function rise(before: number, after: number): number {
  return Math.max(0, after - before);
}
