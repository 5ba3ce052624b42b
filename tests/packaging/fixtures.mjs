// The sources of the fixture projects, made from the table of entries so that a new subpath is tested everywhere.

/** Entries of the package; `use` is a function of use.js, `answer` what it resolves to. */
export const ENTRIES = [
  { name: "client", inline: "everwire", slim: "everwire/slim", use: "useClient", answer: "through the client" },
  { name: "websocket", inline: "everwire/websocket", slim: "everwire/slim/websocket", use: "useWebSocket", answer: "through the class" },
  { name: "sockjs", inline: "everwire/sockjs", slim: "everwire/slim/sockjs", use: "useSockJS", answer: "1002 Cannot connect to server" },
];

/** A browser script that uses all given entries, inline and slim, and leaves the answers in `globalThis.answers`. */
export function browserScript(entries, { slim = true } = {}) {
  const imports = entries.flatMap(({ name, inline, slim: slimName }) => [
    `import * as ${name} from "${inline}";`,
    slim ? `import * as slim_${name} from "${slimName}";` : "",
  ]);
  const uses = entries.flatMap(({ name, use }) => [
    `answers["${name}"] = await use.${use}(${name}, url);`,
    slim ? `
      try { await use.${use}(slim_${name}, url); answers["slim ${name} before init"] = "no error"; }
      catch (error) { answers["slim ${name} before init"] = error.message; }
      await Promise.all([slim_${name}.init(), slim_${name}.init()]);
      answers["slim ${name}"] = await use.${use}(slim_${name}, url);` : "",
  ]);
  return `${imports.join("\n")}
import * as use from "./use.js";
const url = new URLSearchParams(location.search).get("ws");
const answers = {};
try {
  ${uses.join("\n  ")}
} catch (error) {
  answers.error = String(error?.stack ?? error);
}
globalThis.answers = answers;
`;
}

/** What {@link browserScript} must find. */
export function expectedAnswers(entries, { slim = true } = {}) {
  return Object.fromEntries(entries.flatMap(({ name, answer }) => [
    [name, answer],
    ...(slim ? [
      [`slim ${name} before init`, "everwire: not initialised; `await init()` from the same slim entry first"],
      [`slim ${name}`, answer],
    ] : []),
  ]));
}

/** A page that loads a script. */
export const page = (script, head = "") =>
  `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>fixture</title>${head}<script type="module" src="${script}"></script>`;

/** An import map from package.json's exports, for pages without a bundler. */
export function importMap(exports, base) {
  const imports = Object.fromEntries(Object.entries(exports)
    .filter(([, target]) => typeof target === "object")
    .map(([subpath, target]) => [`everwire${subpath.slice(1)}`, base + target.default.slice(1)]));
  return `<script type="importmap">${JSON.stringify({ imports })}</script>`;
}
