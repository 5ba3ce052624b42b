// Without the types of a browser.
import SockJS from "everwire/sockjs";

const socket = new SockJS("https://example.org/ws", null, { transports: "xhr-streaming" });
socket.onmessage = ({ data }) => {
  const text: string = data;
  socket.send(text);
};
socket.onclose = (event: SockJS.CloseEvent) => event.reason;
socket.close(3000, "done");
export const state: number = socket.readyState;
