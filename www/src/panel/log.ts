/** What has happened to the link and why, newest first. */
import { language, onLanguage } from '../i18n/index.ts';
import { byId, h } from '../ui/dom.ts';

/** How a line is coloured. */
export type Tone = 'good' | 'bad' | 'busy' | 'plain';

interface Line {
  readonly at: number;
  readonly tone: Tone;
  /** Called again when the language changes. */
  readonly text: () => string;
}

const MAX_LINES = 120;

export class Log {
  readonly #list = byId<HTMLOListElement>('log-list');
  readonly #empty = byId('log-empty');
  #lines: Line[] = [];

  constructor() {
    onLanguage(() => {
      this.#list.replaceChildren(...this.#lines.map((line) => this.#element(line)));
    });
  }

  add(tone: Tone, text: () => string): void {
    const line = { at: Date.now(), tone, text };
    this.#lines = [line, ...this.#lines].slice(0, MAX_LINES);
    this.#list.prepend(this.#element(line));
    while (this.#list.children.length > MAX_LINES) this.#list.lastElementChild?.remove();
    this.#empty.hidden = true;
  }

  #element({ at, tone, text }: Line): HTMLLIElement {
    const options = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
    const time = new Intl.DateTimeFormat(language(), options).format(at);
    return h('li', { class: `log-line log-${tone}` }, h('time', {}, time), h('span', {}, text()));
  }
}

