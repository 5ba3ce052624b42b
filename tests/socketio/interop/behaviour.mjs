// What the Socket.IO servers of the tests do for their clients; the scenarios are written against these events.

/** Gives every namespace its behaviour. */
export function behave({ io, seen }) {
  const note = (key, value) => seen.set(key, [...(seen.get(key) ?? []), value]);

  io.of("/admin").use(({ handshake: { auth } }, next) => {
    if (auth.token === "valid") return next();
    const error = new Error(auth.token ? "token expired" : "not authorized");
    error.data = { code: auth.token ? "E_EXPIRED" : "E_AUTH", retry: auth.token !== undefined };
    next(error);
  });
  for (const name of ["/", "/admin", "/chat", "/한글"]) {
    io.of(name).on("connection", (socket) => serve(io, socket, note));
  }
}

function serve(io, socket, note) {
  const attempts = new Map();
  const { conn, handshake } = socket;

  /** Gives the arguments back in the acknowledgement. */
  socket.on("echo", (...args) => args.pop()(...args));
  /** Gives them back as an event. */
  socket.on("bounce", (...args) => socket.emit("bounced", ...args));
  socket.on("handshake", (answer) => {
    const { EIO, transport, t, sid, b64, ...query } = handshake.query;
    const headers = Object.fromEntries(Object.entries(handshake.headers).filter(([key]) => key.startsWith("x-")));
    answer({ auth: handshake.auth, query, EIO, transport, headers, cache: t !== undefined, b64: b64 !== undefined });
  });
  socket.on("transport", (answer) => answer(conn.transport.name));
  /** Asks the client, and tells it its own answer. */
  socket.on("ask", (question, answer) => socket.emit("question", question, (...reply) => answer(...reply)));
  socket.on("ask-within", (ms, question, answer) => {
    socket.timeout(ms).emit("question", question, (error, ...reply) => answer(error?.message ?? null, ...reply));
  });
  /** Never answers. */
  socket.on("mute", () => {});
  socket.on("twice", (answer) => {
    answer("first");
    answer("second");
  });
  /** Answers from the nth attempt on. */
  socket.on("flaky", (key, from, answer) => {
    const attempt = (attempts.get(key) ?? 0) + 1;
    attempts.set(key, attempt);
    note("flaky", [key, attempt]);
    if (attempt >= from) answer(attempt);
  });
  /** Notes for the test what arrives; with an acknowledgement if one is wanted. */
  socket.on("note", (key, value, ...rest) => {
    note(key, value);
    const answer = rest.at(-1);
    if (typeof answer === "function") answer("noted");
  });
  /** Notes everything named `name@key` under the key, in the order in which it comes. */
  socket.onAny((event, ...args) => {
    const [name, key] = String(event).split("@");
    if (key) note(key, [name, ...args]);
  });
  socket.on("count", (from, to) => {
    for (let index = from; index < to; index++) socket.emit("number", index);
  });
  socket.on("big", (length, binary) => {
    socket.emit("big", binary ? Buffer.alloc(length, 7) : "가".repeat(length));
  });
  socket.on("mixed", (count) => {
    for (let index = 0; index < count; index++) {
      if (index % 3) socket.emit("number", index);
      else socket.emit("number", index, Buffer.from([index & 255, 1, 2]));
    }
  });
  socket.on("kick", () => socket.disconnect());
  socket.on("kick-all", () => socket.disconnect(true));
  socket.on("close-engine", () => conn.close());
  socket.on("shout", (text) => io.of(socket.nsp.name).emit("shouted", text));
}
