// One message there and back over each transport, in a worker.
import SockJS from "/everwire/sockjs.js";

const url = new URL(location.href).searchParams.get("url");

async function run(port) {
  const log = [];
  for (const transports of ["websocket", "xhr-streaming", "eventsource", "xhr-polling"]) {
    const socket = new SockJS(url, null, { transports });
    socket.onopen = () => socket.send("ping €");
    log.push(await new Promise((done) => {
      let heard = [];
      socket.onmessage = ({ data }) => {
        heard = [socket.transport, data];
        socket.close();
      };
      socket.onclose = ({ code }) => done([...heard, code]);
    }));
  }
  port.postMessage(log);
}

if ("onconnect" in globalThis) onconnect = ({ ports: [port] }) => run(port);
else run(globalThis);
