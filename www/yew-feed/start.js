// A file of its own, since the server's policy allows no inline scripts.
import start from './everwire-demo-yew.js';

await start();
