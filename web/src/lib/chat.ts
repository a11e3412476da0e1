/**
 * What travels over the data channel between two browsers, and the record of the conversation.
 *
 * The other end is a stranger's browser: whatever arrives is read by `decode` and nothing else.
 * Who wrote a message is known from the channel it came by, never from the message.
 */

export const TEXT_LENGTH_MAX = 2000;
export const MESSAGES_MAX = 500;
const WIRE_LENGTH_MAX = 16_384;

/** What one side shows of itself, told to the others whenever it changes. */
export interface Presence {
  microphone: 'on' | 'off' | 'none';
  video: 'camera' | 'screen' | 'off';
}

export type Wire = { type: 'chat'; text: string } | ({ type: 'presence' } & Presence);

export interface ChatMessage {
  /** Counts up; a key for lists. */
  id: number;
  author: string;
  authorId: string;
  own: boolean;
  text: string;
  at: Date;
}

export function encode(message: Wire): string {
  return JSON.stringify(message);
}

/** The message, or `undefined` for anything that is not one. */
export function decode(data: unknown): Wire | undefined {
  if (typeof data !== 'string' || data.length > WIRE_LENGTH_MAX) return undefined;
  const value = parsed(data);
  if (typeof value !== 'object' || value === null) return undefined;
  const { type, text, microphone, video } = value as Record<string, unknown>;
  if (type === 'chat') {
    const clean = typeof text === 'string' ? cleaned(text) : undefined;
    return clean === undefined ? undefined : { type, text: clean };
  }
  if (type === 'presence' && oneOf(microphone, MICROPHONE) && oneOf(video, VIDEO)) {
    return { type, microphone, video };
  }
  return undefined;
}

/** The text as it is sent and shown; `undefined` when nothing is left of it. */
export function cleaned(text: string): string | undefined {
  const trimmed = text.trim().slice(0, TEXT_LENGTH_MAX);
  return trimmed === '' ? undefined : trimmed;
}

/** The log with one more message, without the oldest beyond `MESSAGES_MAX`. */
export function appended(log: readonly ChatMessage[], message: Omit<ChatMessage, 'id'>): ChatMessage[] {
  const id = (log.at(-1)?.id ?? 0) + 1;
  return [...log, { ...message, id }].slice(-MESSAGES_MAX);
}

/** What the badge says: a count that stays two characters wide. */
export function badge(unread: number): string {
  return unread > 9 ? '9+' : String(unread);
}

const MICROPHONE = ['on', 'off', 'none'] as const;
const VIDEO = ['camera', 'screen', 'off'] as const;

function oneOf<T extends string>(value: unknown, allowed: readonly T[]): value is T {
  return (allowed as readonly unknown[]).includes(value);
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
