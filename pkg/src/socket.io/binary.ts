// Binary values inside of packets: taken out and replaced by placeholders, and put back.
import { isBlob } from "./transport.js";

/** Placeholders are only read, and mostly the first few are needed. */
const placeholders: object[] = [];

/** Deepest nesting that is searched; deeper data would exhaust the stack, in JSON.stringify at the latest. */
const MAX_DEPTH = 5_000;
const TOO_DEEP = "data contains itself or is nested too deep: flatten it or send it in parts";

/** What to throw instead of an error: the stack may end before {@link MAX_DEPTH} is reached, in words of the engine's own. */
export const explain = (error: any): unknown => (/call stack|recursion/.test(error?.message) ? new RangeError(TOO_DEEP) : error);

/** `File` is a `Blob`. */
export const isBinary = (value: unknown): boolean => ArrayBuffer.isView(value) || value instanceof ArrayBuffer || isBlob(value);

/** Whether there is binary anywhere in the value. `toJSON` is honoured once, as everywhere in the original. */
export function hasBinary(value: any, depth = 0, json = false): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (depth > MAX_DEPTH) throw new RangeError(TOO_DEEP);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (hasBinary(value[i], depth + 1)) return true;
    return false;
  }
  if (isBinary(value)) return true;
  if (typeof value.toJSON === "function" && !json) return hasBinary(value.toJSON(), depth + 1, true);
  for (const key in value) {
    if (typeof value[key] === "object" && Object.hasOwn(value, key) && hasBinary(value[key], depth + 1)) return true;
  }
  return false;
}

/** What a list has: nothing but scalars, binary beside scalars, or something that has to be searched. */
export const enum Found { scalars, flat, deep }

/** Most events have no more than the first two, which saves the walks and the copy. */
export function survey(values: unknown): Found {
  if (!Array.isArray(values)) return Found.deep;
  let found = Found.scalars;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== "object" || value === null) continue;
    if (!isBinary(value)) return Found.deep;
    found = Found.flat;
  }
  return found;
}

/** The JSON of a list that is `Found.flat`, and the binary behind it. */
export function flatBinary(values: readonly unknown[]): any[] {
  // Made with its first two items: a list that grows from one takes room for many at once.
  let parts: unknown[] | undefined;
  let json = "[";
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (i) json += ",";
    // What JSON cannot hold is null in a list.
    if (typeof value !== "object" || value === null) {
      json += JSON.stringify(value) ?? "null";
      continue;
    }
    json += `{"_placeholder":true,"num":${parts ? parts.length - 1 : 0}}`;
    if (parts) parts.push(value);
    else parts = ["", value];
  }
  parts![0] = `${json}]`;
  return parts!;
}

/** A copy with placeholders; what they stand for goes to `buffers`. */
export function deconstruct(value: any, buffers: unknown[], depth = 0, json = false): any {
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) throw new RangeError(TOO_DEEP);
  if (isBinary(value)) {
    const num = buffers.push(value) - 1;
    return (placeholders[num] ??= { _placeholder: true, num });
  }
  if (Array.isArray(value)) {
    const copy = new Array(value.length);
    for (let i = 0; i < value.length; i++) copy[i] = deconstruct(value[i], buffers, depth + 1);
    return copy;
  }
  if (value instanceof Date) return value;
  if (typeof value.toJSON === "function" && !json) return deconstruct(value.toJSON(), buffers, depth + 1, true);
  const copy: Record<string, unknown> = {};
  for (const key in value) if (Object.hasOwn(value, key)) define(copy, key, deconstruct(value[key], buffers, depth + 1));
  return copy;
}

/** Puts the buffers in the places of their placeholders, in place. */
export function reconstruct(value: any, buffers: readonly unknown[], depth = 0): any {
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) throw new RangeError(TOO_DEEP);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item = value[i];
      if (typeof item === "object") value[i] = reconstruct(item, buffers, depth + 1);
    }
    return value;
  }
  if (value._placeholder === true) {
    const { num } = value;
    // A fraction would find nothing, and the application would get undefined.
    if (!Number.isInteger(num) || num < 0 || num >= buffers.length) throw new Error("illegal attachments");
    return buffers[num];
  }
  for (const key in value) if (typeof value[key] === "object") define(value, key, reconstruct(value[key], buffers, depth + 1));
  return value;
}

/** Assigns, without setting the prototype when the key is `__proto__`. */
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}
