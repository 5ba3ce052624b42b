// The sources of the fixture projects, made from the table of entries so that a new subpath is tested everywhere.

/**
 * Entries of the package; `use` is a function of use.js, `answer` what it resolves to. `base` is an inline entry that it is
 * used with. One without `slim` is JavaScript only.
 */
export const ENTRIES = [
  { name: "client", inline: "everwire", slim: "everwire/slim", use: "useClient", answer: "through the client" },
  { name: "websocket", inline: "everwire/websocket", slim: "everwire/slim/websocket", use: "useWebSocket", answer: "through the class" },
  { name: "sockjs", inline: "everwire/sockjs", slim: "everwire/slim/sockjs", use: "useSockJS", answer: "1002 Cannot connect to server" },
  { name: "stomp", inline: "everwire/stomp", slim: "everwire/slim/stomp", use: "useStomp", answer: "CONNECTED 1.2" },
  {
    name: "stomp-connect", inline: "everwire/stomp/connect", slim: "everwire/slim/stomp/connect", use: "useStompConnect",
    answer: "open 1.2",
  },
  { name: "socket.io", inline: "everwire/socket.io", slim: "everwire/slim/socket.io", use: "useSocketIO", answer: "through the socket" },
  { name: "socket.io-msgpack", inline: "everwire/socket.io/msgpack", base: "everwire/socket.io", use: "useMsgpack", answer: "packed" },
  {
    name: "socket.io-policies", inline: "everwire/socket.io/policies", slim: "everwire/slim/socket.io/policies", base: "everwire/socket.io",
    use: "usePolicies", answer: "1 3",
  },
];

/** A browser script that uses all given entries, inline and slim, and leaves the answers in `globalThis.answers`. */
export function browserScript(entries, { slim = true } = {}) {
  const named = entries.map((entry) => ({ ...entry, id: identifier(entry.name), base: entry.base && `base_${identifier(entry.name)}` }));
  const imports = named.flatMap(({ id, inline, slim: slimName, base }, at) => [
    `import * as ${id} from "${inline}";`,
    slim && slimName ? `import * as slim_${id} from "${slimName}";` : "",
    base ? `import * as ${base} from "${entries[at].base}";` : "",
  ]);
  const uses = named.flatMap(({ name, id, slim: slimName, use, base }) => [
    `answers["${name}"] = await use.${use}(${id}, url, ${base});`,
    slim && slimName ? `
      try { await use.${use}(slim_${id}, url, ${base}); answers["slim ${name} before init"] = "no error"; }
      catch (error) { answers["slim ${name} before init"] = error.message; }
      await Promise.all([slim_${id}.init(), slim_${id}.init()]);
      answers["slim ${name}"] = await use.${use}(slim_${id}, url, ${base});` : "",
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
  return Object.fromEntries(entries.flatMap(({ name, answer, slim: slimName }) => [
    [name, answer],
    ...(slim && slimName ? [
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

/** A name without what an identifier cannot have; fixtures of types are named so, too. */
export const identifier = (name) => name.replace(/\W/g, "");
