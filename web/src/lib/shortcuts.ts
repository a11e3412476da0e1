/** Single-key shortcuts of the call. One table: the keys, the help dialog and the tooltips come from it. */

export const SHORTCUTS = [
  { key: 'm', action: 'microphone', text: 'Mute or unmute' },
  { key: 'v', action: 'camera', text: 'Camera on or off' },
  { key: 's', action: 'screen', text: 'Share your screen, or stop' },
  { key: 'c', action: 'chat', text: 'Open or close the chat' },
  { key: 'i', action: 'stats', text: 'Show or hide the statistics' },
  { key: '?', action: 'help', text: 'This list' },
] as const;

export type Action = (typeof SHORTCUTS)[number]['action'];

type KeyPress = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'repeat'>;

/** The action of a key press that was not meant for a text field, a dialog or the browser. */
export function actionOf(press: KeyPress, target: EventTarget | null): Action | undefined {
  if (press.ctrlKey || press.metaKey || press.altKey || press.repeat || takesText(target)) return undefined;
  const key = press.key.toLowerCase();
  return SHORTCUTS.find((shortcut) => shortcut.key === key)?.action;
}

function takesText(target: EventTarget | null): boolean {
  const element = target as Partial<Element> | null;
  return element?.closest?.('input, textarea, select, dialog, [contenteditable]') != null;
}
