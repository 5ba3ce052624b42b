// A visitor without a page: sees on the wire what the tabs really send.
import { WebSocket } from "ws";

export class Observer {
  messages = [];
  #socket;
  #listeners = new Set();

  /** Joins a room and watches all of the map. */
  static async join(demo, room) {
    const observer = new Observer();
    const { ws } = await demo.get("/config.json");
    const url = new URL(ws);
    url.searchParams.set("room", room);
    const socket = new WebSocket(url);
    observer.#socket = socket;
    socket.on("message", (data) => {
      observer.messages.push(JSON.parse(String(data)));
      for (const listener of observer.#listeners) listener();
    });
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    observer.send({ type: "hello", user: "u-observer", name: "Observer", epoch: null, lastSeq: null });
    observer.send({ type: "viewport", west: -180, south: -90, east: 180, north: 90 });
    await observer.until("the observer is welcomed", () => observer.of("welcome").length > 0);
    return observer;
  }

  send(message) {
    this.#socket.send(JSON.stringify(message));
  }

  /** Messages of one type so far. */
  of(type) {
    return this.messages.filter((message) => message.type === type);
  }

  /** Every report about a thing so far. */
  positionsOf(id) {
    return this.messages
      .flatMap((message) => message.positions ?? [])
      .filter((position) => position.id === id);
  }

  /** Waits until `condition` holds; it is looked at after each message. */
  until(why, condition, timeout = 15_000) {
    return new Promise((resolve, reject) => {
      const done = (settle, value) => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        settle(value);
      };
      const look = () => {
        if (condition()) done(resolve);
      };
      const timer = setTimeout(() => done(reject, new Error(`waited in vain: ${why}`)), timeout);
      this.#listeners.add(look);
      look();
    });
  }

  leave() {
    this.#socket.terminate();
  }
}
