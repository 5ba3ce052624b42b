// JSON through the host's own parser, which nothing in WebAssembly can beat.

import type { Codec } from "./types.js";
import { utf8Decode } from "./utf8.js";

/**
 * Messages as JSON text. A binary frame is read as UTF-8. A batch is a JSON array.
 *
 * A value without a JSON form (`undefined`, a function, a cycle, a bigint) is refused by `send`.
 */
export function json<In = any, Out = any>(): Codec<In, Out> {
  return {
    encode(value) {
      const text = JSON.stringify(value) as string | undefined;
      if (text === undefined) throw new TypeError(`${typeof value} has no JSON form`);
      return text;
    },
    decode: (data) => JSON.parse(typeof data === "string" ? data : utf8Decode(data)),
    batch: (messages) => `[${messages.join()}]`,
  };
}
