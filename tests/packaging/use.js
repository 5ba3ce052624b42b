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
