// Checks of options: what is wrong is said at the call that brought it, with the option's path and its range.

import { EverwireError } from "./error.js";

/** Longest time that a browser's timer can hold, about 24.8 days. */
export const MAX_MS = 2 ** 31 - 1;

/** Throws the typed error of a wrong option. */
export function invalid(option: string, expected: string, value?: unknown): never {
  const shown =
    typeof value === "string" ? JSON.stringify(value)
    : Array.isArray(value) ? (value.length ? "a list" : "an empty list")
    : typeof value === "object" && value !== null ? "an object"
    : typeof value === "function" ? "a function"
    : String(value);
  throw new EverwireError("invalid-option", `${option} must be ${expected}, not ${shown}`, { option });
}

/** An object with no other properties than `names`. `undefined` counts as an empty one. */
export function object<T extends object>(option: string, value: T | undefined, names: string): T {
  if (value === undefined) return {} as T;
  if (typeof value !== "object" || value === null || Array.isArray(value)) invalid(option, "an object", value);
  const known = names.split(" ");
  for (const name in value) {
    if (!known.includes(name)) {
      const path = option === "options" ? name : `${option}.${name}`;
      throw new EverwireError("invalid-option", `${path} is not an option: known are ${known.join(", ")}`, { option: path });
    }
  }
  return value;
}

/** A number within bounds; `fallback` if it is undefined. `open` excludes the lower bound, `integer` fractions. */
export function number(
  option: string,
  value: number | undefined,
  fallback: number,
  min: number,
  max: number,
  kind?: "integer" | "open",
): number {
  if (value === undefined) return fallback;
  const low = kind === "open" ? value > min : value >= min;
  if (typeof value !== "number" || !low || !(value <= max) || (kind === "integer" && value !== Math.floor(value))) {
    const range = kind === "open" ? `above ${min} and up to ${max}` : `from ${min} to ${max}`;
    invalid(option, `${kind === "integer" ? "an integer" : "a number"} ${range}`, value);
  }
  return value;
}

/** One of a few words; its index is what the core gets. `fallback` if it is undefined. */
export function word(option: string, value: string | undefined, fallback: number, words: string): number {
  if (value === undefined) return fallback;
  const list = words.split(" ");
  const index = list.indexOf(value);
  if (index < 0) invalid(option, list.map((item) => `'${item}'`).join(" or "), value);
  return index;
}

/** A boolean; `fallback` if it is undefined. */
export function flag(option: string, value: boolean | undefined, fallback: boolean): boolean {
  return typeof (value ??= fallback) === "boolean" ? value : invalid(option, "a boolean", value);
}

/** A function or undefined. */
export function callable<T>(option: string, value: T): T {
  return value === undefined || typeof value === "function" ? value : invalid(option, "a function", value);
}

/** A string or number that names a slot or a message. */
export function name<T>(option: string, value: T): T {
  if (typeof value !== "string" && !Number.isFinite(value)) invalid(option, "a string or a finite number", value);
  return value;
}

/** An `AbortSignal` or undefined. */
export function abortable(value: AbortSignal | undefined): AbortSignal | undefined {
  return value === undefined || typeof value?.addEventListener === "function" ? value : invalid("signal", "an AbortSignal", value);
}
