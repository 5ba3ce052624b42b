// A request: a send whose acknowledgement is its reply.

import { MAX_MS, abortable, number, object } from "./check.js";
import type { Client } from "./connection.js";
import { EverwireError } from "./error.js";
import type { MessageId, RequestOptions } from "./types.js";

const DEFAULT_TIMEOUT = 10_000;

// Distinguishes this page from all others at a server that remembers ids; counted on from there.
const origin = Math.random().toString(36).slice(2, 12);
let count = 0;

/** Sends the value and resolves with the message that answers it. */
export async function request(client: Client, value: unknown, options: RequestOptions | undefined): Promise<any> {
  const given = object("options", options, "timeout signal id lane");
  const timeout = given.timeout === Infinity ? Infinity : number("timeout", given.timeout, DEFAULT_TIMEOUT, 0, MAX_MS, "open");
  const signal = abortable(given.signal);
  signal?.throwIfAborted();
  const id: MessageId = given.id ?? `${origin}-${++count}`;
  const handle = client._send(client._plain, value, {
    id, lane: given.lane ?? "rpc", ack: true, resend: given.id !== undefined,
  });
  handle._exclusive = true;

  let timer: ReturnType<typeof setTimeout> | undefined;
  let abort: (() => void) | undefined;
  try {
    return await new Promise((resolve, reject) => {
      // What is unwritten is taken back; what was written is not written again, and its answer is swallowed.
      const give = (error: unknown) => {
        if (!handle.cancel()) client._abandon(handle);
        reject(error);
      };
      if (timeout !== Infinity) {
        timer = setTimeout(() => give(new EverwireError(
          "timeout",
          handle.status === "written" || handle.status === "unknown"
            ? `no reply within ${timeout} ms: the request was sent, so it may have taken effect`
            : `request could not be sent within ${timeout} ms: try again when the connection is open`,
        )), timeout);
      }
      abort = () => give(signal!.reason);
      signal?.addEventListener("abort", abort);
      handle.acked.then((result) => {
        const answer = handle._answer;
        if (answer?._error) reject(answer._error);
        else if (answer?._refused) {
          reject(new EverwireError("refused", "the server refused the request: see data", { data: answer._message }));
        } else if (result.status === "acked") resolve(answer?._value);
        else {
          reject(new EverwireError("not-delivered", result.status === "unknown"
            ? "link was lost before the reply: the request may have taken effect; give an id to have it sent again"
            : `request was not sent (${result.status === "dropped" ? result.reason : result.status}): try again`));
        }
      }, reject);
    });
  } finally {
    clearTimeout(timer);
    if (abort) signal?.removeEventListener("abort", abort);
  }
}
