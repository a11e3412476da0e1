/** Short messages: shown for a moment, and read out by screen readers. */

const SHOWN_MS = 5_000;
const SHOWN_MAX = 3;

export interface Notice {
  id: number;
  text: string;
}

class Notices {
  shown = $state.raw<Notice[]>([]);
  #lastId = 0;

  announce(text: string): void {
    const notice = { id: ++this.#lastId, text };
    this.shown = [...this.shown, notice].slice(-SHOWN_MAX);
    setTimeout(() => this.dismiss(notice.id), SHOWN_MS);
  }

  dismiss(id: number): void {
    this.shown = this.shown.filter((notice) => notice.id !== id);
  }
}

export const notices = new Notices();
