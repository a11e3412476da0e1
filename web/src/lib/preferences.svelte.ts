/** What this browser remembers between calls. Storage may be blocked: then nothing is remembered. */

export type Theme = 'auto' | 'light' | 'dark';

class Preferences {
  #values = $state<Record<string, string>>(read());

  get name(): string {
    return this.#values['name'] ?? '';
  }
  set name(value: string) {
    this.#set('name', value);
  }

  get cameraId(): string | undefined {
    return this.#values['cameraId'];
  }
  set cameraId(value: string | undefined) {
    this.#set('cameraId', value);
  }

  get microphoneId(): string | undefined {
    return this.#values['microphoneId'];
  }
  set microphoneId(value: string | undefined) {
    this.#set('microphoneId', value);
  }

  get theme(): Theme {
    const theme = this.#values['theme'];
    return theme === 'light' || theme === 'dark' ? theme : 'auto';
  }
  set theme(value: Theme) {
    this.#set('theme', value);
  }

  /** Single keys get in the way of some speech-input tools, so they can be turned off. */
  get shortcuts(): boolean {
    return this.#values['shortcuts'] !== 'off';
  }
  set shortcuts(value: boolean) {
    this.#set('shortcuts', value ? 'on' : 'off');
  }

  #set(name: string, value: string | undefined): void {
    const { [name]: _, ...others } = this.#values;
    this.#values = value === undefined ? others : { ...others, [name]: value };
    try {
      localStorage.setItem(STORAGE_KEY, JSON.stringify(this.#values));
    } catch {
      // Private windows and full disks: the choice holds until the page closes.
    }
  }
}

const STORAGE_KEY = 'paraclete';

export const preferences = new Preferences();

function read(): Record<string, string> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '{}');
    if (typeof stored !== 'object' || stored === null) return {};
    return Object.fromEntries(
      Object.entries(stored).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch {
    return {};
  }
}
