// Additions to socket.io-client.
import { io, type Recovery } from "client";

const controller = new AbortController();
const socket = io({
  retries: 1, retryWindow: 4, retryKey: (event, key: string) => event + key, maxBufferedPackets: 5, bufferOverflow: "drop-oldest",
  maxPendingAcks: 10, redial: (reason, error) => (reason === "connect_error" ? !!error : 500),
});
socket.on("x", () => {}, { signal: controller.signal });
socket.onAny(() => {}, { signal: controller.signal });
const answer: Promise<any> = socket.signal(controller.signal).emitWithAck("x");
const recovery: Recovery | undefined = socket.recovery;
void [answer, recovery?.reason];
// @ts-expect-error: not a way to overflow
io({ bufferOverflow: "explode" });
