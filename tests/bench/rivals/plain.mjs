// SPDX-License-Identifier: Apache-2.0
// Node.js with node-redis, plain ifs, and state in a Map.  plain.mjs SOCKET EVENTS ALERTS LAST-ID
import { createClient } from 'redis';

const [socket, events, alerts, last] = process.argv.slice(2);
const DAY = 86400000;
const client = createClient({ socket: { path: socket } });
await client.connect();
await client.xGroupCreate(events, 'plain', '0');

const customers = new Map();

function stateOf(id) {
  let state = customers.get(id);
  if (!state) customers.set(id, state = { count: {}, grave: 0, lastSeen: {}, fired: new Set() });
  return state;
}

function* rulesThatHold(state, now) {
  if ((state.count.payment_failed ?? 0) >= 1) yield 'payment_failed';
  if ((state.count.payment_failed ?? 0) >= 3) yield 'payments_failed';
  if (state.grave >= 1) yield 'complaint_grave';
  if ((state.count.complaint ?? 0) >= 2) yield 'complaints';
  if (state.lastSeen.login && now - state.lastSeen.login >= 14 * DAY) yield 'login_silence';
}

function handle({ customer, type, ts, severity }, replies) {
  const state = stateOf(customer);
  const now = Number(ts);
  state.count[type] = (state.count[type] ?? 0) + 1;
  if (type === 'complaint' && severity === 'high') state.grave++;
  state.lastSeen[type] = now;
  for (const rule of rulesThatHold(state, now)) {
    if (state.fired.has(rule)) continue;
    state.fired.add(rule);
    replies.push(client.xAdd(alerts, '*', { customer, rule, at: ts }));
  }
}

const begun = process.hrtime.bigint();
let count = 0;
for (let at = ''; at !== last;) {
  const [{ messages }] = await client.xReadGroup('plain', 'one', { key: events, id: '>' }, { COUNT: 1000 });
  const replies = [];
  for (const { message } of messages) handle(message, replies);
  replies.push(client.xAck(events, 'plain', messages.map(({ id }) => id)));
  await Promise.all(replies);
  count += messages.length;
  at = messages.at(-1).id;
}
const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
console.log(JSON.stringify({ events: count, seconds, cpu_s: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6 }));
await client.quit();
