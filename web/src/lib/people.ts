/** Names, initials and colours of people. */

/** Cord colours, far enough apart to be told from one another; text on them is dark in both themes. */
const COLOURS = [
  '#f6b73c',
  '#4fc3a1',
  '#f28482',
  '#7cb7f2',
  '#c4a3f0',
  '#a7c957',
  '#f4a261',
  '#67c7d8',
  '#f199c6',
  '#d4b483',
] as const;

export const NAME_LENGTH_MIN = 2;
export const NAME_LENGTH_MAX = 50;
/** What the server accepts in no name: controls, line separators, and what turns the text behind it around. */
const UNSEEN = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** What is wrong with a name, for people; `undefined` when it will do. An empty name is a guest's. */
export function nameProblem(name: string): string | undefined {
  const trimmed = name.trim();
  if (UNSEEN.test(trimmed))
    return 'An invisible character in this name breaks or turns text. Please type the name anew.';
  const { length } = [...trimmed];
  if (length === 0 || (length >= NAME_LENGTH_MIN && length <= NAME_LENGTH_MAX)) return undefined;
  return `A name has ${NAME_LENGTH_MIN} to ${NAME_LENGTH_MAX} characters, or leave it empty.`;
}

export function displayName(username: string | undefined, peerId: string): string {
  return username?.trim() || `Guest ${peerId.replace(/[^A-Za-z0-9]/g, '').slice(0, 4)}`;
}

export function initials(name: string): string {
  const words = name.split(/[\s._-]+/u).filter((word) => word !== '');
  const first = [...(words[0] ?? '?')][0] ?? '';
  const last = words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : '';
  return (first + last).toUpperCase();
}

/** A colour that follows from the id, moved on to the next free one when somebody has it already. */
export function pickColour(id: string, taken: readonly string[]): string {
  let start = 0;
  for (const character of id) start = (start * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  for (let step = 0; step < COLOURS.length; step++) {
    const colour = COLOURS[(start + step) % COLOURS.length];
    if (colour && !taken.includes(colour)) return colour;
  }
  return COLOURS[0];
}
