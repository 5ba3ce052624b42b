// How much room a value takes in the queue. It is encoded only when it is written, so this is what JSON would take, about.
import { EverwireError, UNENCODABLE } from "../client/error.js";
import { isBinary } from "./binary.js";
import { encodedLength } from "./payload.js";

/** Bytes of numbers, booleans, null, and of an array's or object's punctuation per item. */
const SCALAR = 4;
const PUNCTUATION = 2;
/** Levels that the stack holds also before the engine has compiled this. */
const MAX_DEPTH = 3_000;

/**
 * About how many bytes the value takes on the wire.
 *
 * @throws EverwireError with code `encode` for one that contains itself or is nested deeper than 3,000 levels
 */
export function estimate(value: any, above: Set<unknown> = new Set()): number {
  if (typeof value === "string") return encodedLength(value, false) + 1;
  if (typeof value !== "object" || value === null) return SCALAR;
  if (isBinary(value)) return encodedLength(value, false);
  if (above.has(value) || above.size > MAX_DEPTH) throw new EverwireError("encode", `${UNENCODABLE}: it contains itself or is nested deeper than ${MAX_DEPTH} levels`);
  above.add(value);
  let size = PUNCTUATION;
  if (Array.isArray(value)) {
    for (const item of value) size += estimate(item, above) + 1;
  } else if (typeof value.toJSON === "function") {
    size = estimate(value.toJSON(), above);
  } else {
    for (const key of Object.keys(value)) size += key.length + PUNCTUATION + 2 + estimate(value[key], above);
  }
  above.delete(value);
  return size;
}
