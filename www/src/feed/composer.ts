/** The field for a new post: grows with its text, keeps a draft over reloads, tells the others about typing. */
import { onLanguage, t } from '../i18n/index.ts';
import { store, stored } from '../session.ts';
import { byId } from '../ui/dom.ts';

/** The server's limit, in characters. */
const MAX_CHARS = 2_000;
const KEY = 'everwire.draft';
/** Without a keystroke for this long nobody is typing. */
const STILL_AFTER = 4_000;

export interface ComposerOptions {
  readonly submit: (text: string) => void;
  readonly typing: (active: boolean) => void;
}

/** Wires up the form; it lives as long as the page. */
export function composer({ submit, typing }: ComposerOptions): void {
  const form = byId<HTMLFormElement>('composer');
  const field = byId<HTMLTextAreaElement>('composer-text');
  const button = byId<HTMLButtonElement>('composer-send');
  const excess = byId('composer-excess');
  let still = 0;
  let active = false;

  const tell = (now: boolean) => {
    clearTimeout(still);
    if (now) still = setTimeout(() => tell(false), STILL_AFTER);
    if (now || active) typing(now);
    active = now;
  };

  const refresh = () => {
    const over = [...field.value].length - MAX_CHARS;
    button.disabled = field.value.trim() === '' || over > 0;
    excess.textContent = over > 0 ? t('tooLong', { count: over }) : '';
    field.setAttribute('aria-invalid', String(over > 0));
    field.style.height = 'auto';
    field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
  };

  const send = () => {
    if (button.disabled) return;
    clearTimeout(still);
    // The post itself ends the typing at the receivers, and takes back a notice that has not left yet.
    active = false;
    submit(field.value.trim());
    field.value = '';
    store(KEY, '');
    refresh();
    field.focus();
  };

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send();
  });
  field.addEventListener('keydown', (event) => {
    // Enter also confirms a Korean syllable that is being composed; that one is not meant for the form.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  field.addEventListener('input', () => {
    store(KEY, field.value);
    refresh();
    tell(field.value.trim() !== '');
  });
  field.value = stored<string>(KEY) ?? '';
  onLanguage(refresh);
  refresh();
}
