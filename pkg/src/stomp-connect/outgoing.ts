// What is published, in the module's terms.

import { flag, invalid } from "../client/check.js";
import { EverwireError, UNENCODABLE, caused } from "../client/error.js";
import type { Headers } from "./types.js";

/** A message ready for the module. */
export interface Outgoing {
  readonly _destination: string;
  /** Names and values. */
  readonly _headers: readonly string[];
  readonly _body: string | Uint8Array;
  /** 0 text, 1 text without content-length, 2 octets. */
  readonly _kind: number;
}

/** Names and values in a row. A value that is no text, number or boolean would go out as the word `undefined` or so. */
export function checkHeaders(headers: Headers | undefined, option = "headers"): string[] {
  if (headers === undefined) return [];
  if (typeof headers !== "object" || headers === null) invalid(option, "an object", headers);
  return Object.entries(headers).flatMap(([name, value]) => [
    name, ["string", "number", "boolean"].includes(typeof value) ? String(value) : invalid(`${option}.${name}`, "a string, a number or a boolean", value),
  ]);
}

/** Headers of a topic, and those of one message, which count where both name one. */
export function joinHeaders(base: readonly string[], own: string[]): string[] {
  const named = (name: string) => own.some((other, index) => index % 2 === 0 && other === name);
  return [...base.filter((_, index) => !named(base[index & ~1]!)), ...own];
}

/** A text is text, buffers and views are octets, anything else is JSON. */
export function encodeBody(destination: string, body: unknown, headers: string[], skipContentLength?: boolean): Outgoing {
  if (typeof destination !== "string") invalid("destination", "a string", destination);
  const kind = flag("skipContentLength", skipContentLength, false) ? 1 : 0;
  const message = { _destination: destination, _headers: headers, _kind: kind };
  if (body === undefined || typeof body === "string") return { ...message, _body: body ?? "" };
  if (body instanceof ArrayBuffer) return { ...message, _body: new Uint8Array(body), _kind: 2 };
  if (ArrayBuffer.isView(body)) {
    return { ...message, _body: new Uint8Array(body.buffer, body.byteOffset, body.byteLength), _kind: 2 };
  }
  let text: string | undefined;
  try {
    text = JSON.stringify(body);
  } catch (cause) {
    throw caused("encode", UNENCODABLE, cause);
  }
  if (text === undefined) throw new EverwireError("encode", `${UNENCODABLE}: it has no representation in JSON`);
  const typed = headers.some((name, index) => index % 2 === 0 && name === "content-type");
  return { ...message, _headers: typed ? headers : [...headers, "content-type", "application/json"], _body: text };
}
