// `for await (const message of connection)`: a bounded buffer between the socket, which cannot be told to wait, and a
// loop that may be slow.

import type { Client } from "./connection.js";
import { EverwireError } from "./error.js";

interface Reader<T> {
  readonly _resolve: (result: IteratorResult<T>) => void;
  readonly _reject: (error: unknown) => void;
}

/** Messages from now on. Ends when the user closed the connection; any other end is thrown after the last message. */
export function iterate<T>(client: Client): AsyncIterableIterator<T> {
  const { _inboundLimit: limit, _inboundOverflow: rule } = client._settings;
  const buffer: T[] = [];
  const readers: Reader<T>[] = [];
  let ended = false;
  let failure: EverwireError | undefined;

  const end = (error?: EverwireError) => {
    if (ended) return;
    ended = true;
    failure = error;
    for (const unsubscribe of subscriptions) unsubscribe();
    for (const reader of readers.splice(0)) settle(reader);
  };
  const settle = (reader: Reader<T>) => {
    if (buffer.length) reader._resolve({ value: buffer.shift()!, done: false });
    else if (failure) {
      reader._reject(failure);
      failure = undefined;
    } else reader._resolve({ value: undefined, done: true });
  };
  const take = (message: T) => {
    const reader = readers.shift();
    if (reader) reader._resolve({ value: message, done: false });
    else if (buffer.length < limit) buffer.push(message);
    else if (rule === 0) {
      end(new EverwireError(
        "inbound-overflow",
        `the loop did not read ${limit} messages in time: make it faster, raise inbound.maxMessages or choose an inbound.overflow`,
      ));
    } else {
      client._inboundDropped++;
      if (rule === 1) {
        buffer.shift();
        buffer.push(message);
      }
    }
  };
  const closed = () => {
    const reason = client._ended;
    end(reason === "user" ? undefined : new EverwireError("ended", `connection ended (${reason}): call reconnect() to dial again`));
  };
  const subscriptions = [
    client.on("message", take),
    client.on("state", (event) => {
      if (event.to === "closed") closed();
    }),
  ];
  if (client.state === "closed") closed();

  return {
    next: () => new Promise((_resolve, _reject) => {
      const reader = { _resolve, _reject };
      if (buffer.length || ended) settle(reader);
      else readers.push(reader);
    }),
    return: async () => {
      buffer.length = 0;
      end();
      failure = undefined;
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
