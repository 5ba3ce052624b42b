// What every fixture does with each entry of the package: one message there and back through a real server.

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
