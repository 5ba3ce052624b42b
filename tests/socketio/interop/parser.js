// A custom parser for both sides: one JSON string per packet, turned around so that nothing else can read it.

class Emitter {
  #listeners = new Map();

  on(name, listener) {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
    return this;
  }

  off(name, listener) {
    if (name === undefined) this.#listeners.clear();
    else this.#listeners.set(name, listener ? (this.#listeners.get(name) ?? []).filter((other) => other !== listener) : []);
    return this;
  }

  removeListener(name, listener) {
    return this.off(name, listener);
  }

  emit(name, ...args) {
    for (const listener of this.#listeners.get(name) ?? []) listener(...args);
    return true;
  }
}

const turn = (text) => [...text].reverse().join("");

class Encoder {
  encode(packet) {
    return [turn(JSON.stringify(packet))];
  }
}

class Decoder extends Emitter {
  add(chunk) {
    this.emit("decoded", JSON.parse(turn(chunk)));
  }

  destroy() {}
}

export const parser = { Encoder, Decoder };
