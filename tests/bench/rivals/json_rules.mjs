// SPDX-License-Identifier: Apache-2.0
// Node.js with json-rules-engine, and state in Redis: a hash a customer.  json_rules.mjs SOCKET EVENTS ALERTS LAST-ID
import { createClient } from 'redis';
import { Engine } from 'json-rules-engine';

const [socket, events, alerts, last] = process.argv.slice(2);
const DAY = 86400000;
const client = createClient({ socket: { path: socket } });
await client.connect();
await client.xGroupCreate(events, 'rules', '0');

const engine = new Engine();
for (const [rule, fact, value] of [
  ['payment_failed', 'payment_failed', 1],
  ['payments_failed', 'payment_failed', 3],
  ['complaint_grave', 'grave', 1],
  ['complaints', 'complaint', 2],
  ['login_silence', 'login_silent_ms', 14 * DAY],
])
  engine.addRule({ event: { type: rule }, conditions: { all: [{ fact, operator: 'greaterThanInclusive', value }] } });

async function handle({ customer, type, ts, severity }) {
  const key = `customer:${customer}`;
  const update = client.multi().hIncrBy(key, type, 1).hSet(key, `seen:${type}`, ts);
  if (type === 'complaint' && severity === 'high') update.hIncrBy(key, 'grave', 1);
  const replies = await update.hGetAll(key).exec();
  const state = replies.at(-1);
  const found = await engine.run({
    payment_failed: Number(state.payment_failed ?? 0),
    complaint: Number(state.complaint ?? 0),
    grave: Number(state.grave ?? 0),
    login_silent_ms: state['seen:login'] ? Number(ts) - Number(state['seen:login']) : 0,
  });
  for (const { type: rule } of found.events)
    if (await client.hSetNX(key, `fired:${rule}`, ts)) await client.xAdd(alerts, '*', { customer, rule, at: ts });
}

const begun = process.hrtime.bigint();
let count = 0;
for (let at = ''; at !== last;) {
  const [{ messages }] = await client.xReadGroup('rules', 'one', { key: events, id: '>' }, { COUNT: 1000 });
  await Promise.all(messages.map(({ message }) => handle(message)));
  await client.xAck(events, 'rules', messages.map(({ id }) => id));
  count += messages.length;
  at = messages.at(-1).id;
}
const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
console.log(JSON.stringify({ events: count, seconds, cpu_s: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6 }));
await client.quit();
