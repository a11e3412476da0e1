/**
 * A diagnostics hook: `window.__paraclete()` in the console of a call tells what each connection does.
 * It only reads, and tells nothing that the statistics panel does not show.
 */
import type { Room } from './room.svelte.ts';
import type { Totals } from './stats.ts';

export interface PeerSummary {
  peerId: string;
  name: string;
  state: string;
  shows: string;
  microphone: string;
  totals: Totals | undefined;
}

declare global {
  interface Window {
    __paraclete?: () => PeerSummary[];
  }
}

export function exposeDiagnostics(room: Room): () => void {
  window.__paraclete = () =>
    room.peers.map((peer) => ({
      peerId: peer.id,
      name: peer.name,
      state: peer.state,
      shows: peer.shows,
      microphone: peer.presence?.microphone ?? 'unknown',
      totals: peer.totals,
    }));
  return () => {
    delete window.__paraclete;
  };
}
