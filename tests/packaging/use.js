// What every fixture does with each entry of the package, mostly one message there and back through a real server.

/** Echo through the class of `everwire/websocket`. */
export function useWebSocket({ WebSocket }, url, options) {
  return new Promise((done, failed) => {
    const socket = new WebSocket(url, [], options);
    socket.onopen = () => socket.send("through the class");
    socket.onerror = (event) => failed(event.error ?? new Error(event.message ?? "error event"));
    socket.onmessage = ({ data }) => {
      socket.close();
      done(data);
    };
  });
}

/** `everwire/sockjs` at a server that never answers `/info`: its session in the core must tell. */
export function useSockJS({ SockJS }, url) {
  return new Promise((done) => {
    const socket = new SockJS(url.replace(/^ws/, "http"), null, { infoTimeout: 50 });
    socket.onclose = ({ code, reason }) => done(`${code} ${reason}`);
  });
}

/** Echo through `connect` of `everwire`. */
export function useClient({ connect }, url) {
  return new Promise((done, failed) => {
    const connection = connect(url);
    connection.on("error", failed);
    connection.on("message", (message) => {
      connection.close().then(() => done(message.text), failed);
    });
    connection.send({ text: "through the client" });
  });
}

/** `everwire/stomp` at a server whose address says its greeting. */
export function useStomp({ Client }, url) {
  return new Promise((done, failed) => {
    const client = new Client({
      brokerURL: `${url}?hello=${encodeURIComponent("CONNECTED\nversion:1.2\n\n\0")}`, reconnectDelay: 0,
      onConnect: ({ command, headers }) => {
        client.deactivate({ force: true });
        done(`${command} ${headers.version}`);
      },
      onWebSocketError: failed,
    });
    client.activate();
  });
}

/** `everwire/stomp/connect` at a server whose address says its greeting. */
export async function useStompConnect({ connect }, url, options) {
  const stomp = connect(`${url}?hello=${encodeURIComponent("CONNECTED\nversion:1.2\n\n\0")}`, { subprotocols: false, ticker: "page", ...options });
  await stomp.opened({ timeout: 10_000 });
  const answer = `${stomp.state} ${stomp.version}`;
  stomp.terminate();
  return answer;
}

/**
 * A socket at a server that echoes. Its address says the handshake, what the client joins with comes back as the server's
 * answer, and events return to their sender.
 */
function echoSocket(io, url, options) {
  const hello = '0{"sid":"echo","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}';
  return io(url, { transports: ["websocket"], forceNew: true, reconnection: false, query: { hello }, auth: { sid: "echo" }, ...options });
}

/** Resolves with what `ready` gives once the socket has joined; events of the name "back" are its business. */
function joined(socket, ready) {
  return new Promise((done, failed) => {
    socket.on("connect_error", failed);
    socket.on("connect", () => ready(socket, (answer) => {
      socket.disconnect();
      done(answer);
    }));
  });
}

/** Echo through a socket of `everwire/socket.io`. */
export function useSocketIO({ io }, url) {
  return joined(echoSocket(io, url), (socket, done) => socket.on("back", done).emit("back", "through the socket"));
}

/** Echo through a socket with the parser of `everwire/socket.io/msgpack`. */
export function useMsgpack({ msgpack }, url, { io }) {
  return joined(echoSocket(io, url, { parser: msgpack() }), (socket, done) => socket.on("back", done).emit("back", "packed"));
}

/** Echo through `everwire/socket.io/policies`: the second of three values is replaced. */
export function usePolicies({ policies, throttle }, url, { io }) {
  const socket = echoSocket(io, url, { autoConnect: false });
  const paced = policies(socket).event("back", { policy: throttle({ interval: 20 }) });
  const values = [];
  const answer = joined(socket, (socket, done) => {
    socket.on("back", (value) => values.push(value) === 2 && done(values.join(" ")));
    // Connected for the policies right behind the listeners of this event.
    queueMicrotask(() => [1, 2, 3].forEach((value) => paced.emit(value)));
  });
  socket.connect();
  return answer;
}
