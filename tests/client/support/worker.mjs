// Runs in a dedicated worker: connects, asks, answers.
import { connect } from "/pkg/dist/client.js";

self.onmessage = async ({ data: url }) => {
  const connection = connect(url);
  self.postMessage(await connection.request({ answer: { worker: true } }));
};
