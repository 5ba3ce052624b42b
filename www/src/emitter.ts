/** A typed list of listeners; the only event mechanism of the page. */
export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>();

  /** Calls `fn` for each event of this name. Returns the function that unsubscribes. */
  on<K extends keyof Events>(name: K, fn: (event: Events[K]) => void): () => void {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set);
    set.add(fn);
    return () => set.delete(fn);
  }

  protected emit<K extends keyof Events>(name: K, event: Events[K]): void {
    for (const fn of this.#listeners.get(name) ?? []) (fn as (event: Events[K]) => void)(event);
  }
}
