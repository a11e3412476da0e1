/**
 * Rooms in the page's address.
 *
 * The link that people share is `/#room`: a fragment never leaves the browser, so whoever keeps access logs
 * or a proxy between does not learn the room. `/?room=name` is read as well, since some apps cut fragments
 * off links, and is turned into the fragment at once.
 */
export type Transport = 'websocket' | 'polling';

const ROOM = /^[A-Za-z0-9_-]{3,100}$/;
/** Without the letters and digits that are mistaken for one another when a room is read out. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';

export function isRoomId(text: string): boolean {
  return ROOM.test(text);
}

/** The room that a location names, as written there: it may be one that no server accepts. */
export function roomInAddress(location: Pick<Location, 'hash' | 'search'>): string | undefined {
  const fragment = decoded(location.hash.slice(1));
  return fragment || new URLSearchParams(location.search).get('room') || undefined;
}

/** The room meant by what a person typed or pasted: a name, or a whole link. */
export function roomInText(text: string): string {
  const trimmed = text.trim();
  if (!trimmed.includes('/')) return trimmed.replace(/^#/, '').replace(/\s+/g, '-');
  try {
    return roomInAddress(new URL(trimmed)) ?? trimmed;
  } catch {
    return trimmed;
  }
}

export function roomLink(roomId: string): string {
  return `${location.origin}${location.pathname}#${roomId}`;
}

/** Three groups that can be read out, about 50 bits in all: not to be guessed. */
export function newRoomId(random = crypto.getRandomValues(new Uint32Array(10))): string {
  const letters = Array.from(random, (value) => ALPHABET[value % ALPHABET.length]).join('');
  return `${letters.slice(0, 3)}-${letters.slice(3, 7)}-${letters.slice(7)}`;
}

/** `?transport=websocket` or `?transport=polling` holds Socket.IO to one transport; for tests. */
export function transportInAddress(location: Pick<Location, 'search'>): Transport | undefined {
  const named = new URLSearchParams(location.search).get('transport');
  return named === 'websocket' || named === 'polling' ? named : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
