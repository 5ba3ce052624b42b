/** Puts the page together: one room at a time, and the map, feed, panel and controls around it. */
import 'leaflet/dist/leaflet.css';
import 'uplot/dist/uPlot.min.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/map.css';
import './styles/feed.css';
import './styles/link.css';

import { chaosBar } from './chaos/bar.ts';
import { composer } from './feed/composer.ts';
import { FeedView } from './feed/view.ts';
import { type Language, applyTexts, language, onLanguage, setLanguage, t } from './i18n/index.ts';
import type { Key } from './i18n/index.ts';
import { MapView } from './map/view.ts';
import { serverConfig } from './net.ts';
import { logEvents } from './panel/events.ts';
import { Log } from './panel/log.ts';
import { Panel } from './panel/panel.ts';
import { Room } from './room.ts';
import { identity, saveIdentity } from './session.ts';
import { choose, chosen } from './transport/index.ts';
import { transportSwitch } from './transport/switch.ts';
import { byId, h, setText } from './ui/dom.ts';
import { Status } from './ui/status.ts';
import { tabs } from './ui/tabs.ts';
import type { OwnPosition, ServerMessage, Viewport } from './wire.ts';

/** How often numbers and times on the page are renewed. */
const REFRESH = 250;
/** Rooms to offer until the server has told its own. */
const ROOMS = ['seoul', 'busan', 'jeju'];

applyTexts();

const log = new Log();
const panel = new Panel();
let transport = chosen();
let room = enter(identity.room ?? ROOMS[0]!);
let area: Viewport | undefined;
let own: OwnPosition | undefined;
let readUpTo = 0;
let lastMessage = performance.now();

const status = new Status(() => room.net);
const views = tabs(() => refresh());
const feed = new FeedView({
  like: (id) => room.like(id),
  resend: (id) => room.outbox.resend(id),
  discard: (id) => room.outbox.discard(id),
});
const map = new MapView({
  serverNow: () => room.net.clock.now(),
  silence: () => (room.net.live ? 0 : performance.now() - lastMessage),
  watch: (next) => {
    area = next;
    room.net.watch(next);
  },
  moveTo: (next) => {
    own = next;
    room.net.moveTo(next);
  },
  name: (user) => room.people.name(user),
});

function roomLabel(name: string): string {
  const key = `room_${name}` as Key;
  return ['room_seoul', 'room_busan', 'room_jeju'].includes(key) ? t(key) : name;
}

function enter(name: string): Room {
  identity.room = name;
  saveIdentity();
  const entered: Room = new Room(name, transport, {
    changed: () => {
      if (entered !== room) return;
      feed.refresh();
      status.refresh();
    },
    gapFound: (seq) => log.add('busy', () => t('logGap', { seq })),
    gapClosed: () => log.add('good', () => t('logGapClosed')),
    lost: () => setText(byId('feed-gap'), t('gapNotice')),
  });
  logEvents(entered.net, log);
  entered.net.on('live', () => log.add('good', () => t('logLive', { room: roomLabel(name) })));
  entered.net.on('message', (message) => {
    if (entered === room) receive(message);
  });
  return entered;
}

function receive(message: ServerMessage): void {
  lastMessage = performance.now();
  switch (message.type) {
    case 'snapshot':
      map.fleet.replace(message.positions, lastMessage);
      break;
    case 'positions':
      map.fleet.update(message.positions, lastMessage);
      break;
    case 'left':
      map.fleet.leave(message.ids, lastMessage);
      break;
    default:
      break;
  }
}

function show(): void {
  feed.show({
    model: room.model,
    people: room.people,
    outbox: room.outbox,
    likes: room.likes,
    serverNow: () => room.net.clock.now(),
  });
  setText(byId('feed-gap'), '');
  if (area) room.net.watch(area);
  if (own) room.net.moveTo(own);
  readUpTo = 0;
}

function change(name: string): void {
  if (name !== room.name) move(name);
}

/** Leaves the room, and enters one over the present transport. */
function move(name: string): void {
  room.leave();
  room = enter(name);
  status.restart();
  show();
  showRooms();
  refresh();
}

let rooms = ROOMS;

function showRooms(): void {
  byId('rooms').replaceChildren(
    ...rooms.map((name) => {
      const button = h('button', { type: 'button', class: 'room', 'aria-pressed': String(name === room.name) });
      button.dataset['room'] = name;
      button.append(roomLabel(name));
      button.addEventListener('click', () => change(name));
      return button;
    }),
  );
}

/** What the visitor has seen, and how much is new while another view hides the feed. */
function read(): void {
  const { contiguous } = room.model;
  if (views.visible('feed') && !document.hidden) {
    if (contiguous > readUpTo) room.net.read(contiguous);
    readUpTo = Math.max(readUpTo, contiguous);
  }
  // On the first load everything is old news.
  if (readUpTo === 0) readUpTo = contiguous;
  views.badge(room.model.posts.filter(({ seq, user }) => seq > readUpTo && user !== identity.user).length);
}

function refresh(): void {
  room.tick();
  status.refresh();
  map.refresh();
  panel.show({
    net: room.net,
    ageP95: () => map.fleet.ageP95(room.net.clock.now()),
    duplicates: () => room.model.duplicates,
    gaps: () => room.model.gaps,
  });
  feed.refresh();
  read();
}

function languages(): void {
  const buttons = document.querySelectorAll<HTMLButtonElement>('#language button');
  const mark = () => {
    for (const button of buttons) {
      button.setAttribute('aria-pressed', String(button.dataset['language'] === language()));
    }
  };
  for (const button of buttons) {
    button.addEventListener('click', () => setLanguage(button.dataset['language'] as Language));
  }
  onLanguage(() => {
    mark();
    showRooms();
    refresh();
  });
  mark();
}

function naming(): void {
  const field = byId<HTMLInputElement>('name');
  field.value = identity.name;
  const save = () => {
    const name = field.value.trim();
    if (name === '' || name === identity.name) {
      field.value = identity.name;
      return;
    }
    identity.name = name;
    saveIdentity();
    room.net.rename();
  };
  field.addEventListener('change', save);
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.isComposing) field.blur();
  });
}

/** The other version of the feed is built apart and may not be there. */
async function linkYew(): Promise<void> {
  const response = await fetch('./yew/', { method: 'HEAD' });
  byId('yew').hidden = !(response.ok && response.headers.get('content-type')?.includes('html'));
}

languages();
naming();
showRooms();
show();
composer({
  submit: (text) => room.outbox.add(text),
  typing: (active) => room.net.typing(active),
});
transportSwitch(transport, (next) => {
  transport = next;
  choose(next);
  move(room.name);
});
chaosBar({ log: (what) => log.add('busy', () => t('logChaos', { what })) });
addEventListener('online', () => log.add('good', () => t('logOnline')));
addEventListener('offline', () => log.add('bad', () => t('logOffline')));
setInterval(refresh, REFRESH);
refresh();
serverConfig().then(
  (config) => {
    const { rooms: offered, defaultRoom } = config;
    rooms = [defaultRoom, ...offered.filter((name) => name !== defaultRoom)];
    showRooms();
  },
  // The names that are known anyway stay; the connection asks again with each dial.
  () => undefined,
);
linkYew().catch(() => undefined);
