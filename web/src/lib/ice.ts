/** STUN and TURN servers from the server that put us through, where it has any to offer. */
export async function fetchIceServers(): Promise<RTCIceServer[]> {
  try {
    const response = await fetch('/turn/credentials', { method: 'POST' });
    if (!response.ok) return [];
    const { iceServers } = (await response.json()) as { iceServers?: RTCIceServer[] };
    return iceServers ?? [];
  } catch {
    return [];
  }
}
