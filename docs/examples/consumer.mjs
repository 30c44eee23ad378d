// A central system in one page: stores every event of a line once, in a file, and confirms what it has stored.
//
//   npm install mqtt
//   node consumer.mjs mqtt://127.0.0.1:1883 demo line-1 events.jsonl
//
// With TLS: mqtts://broker:8883, and the files in the environment: CA, CERT, KEY.
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import mqtt from "mqtt";

const [url, site, line, file] = process.argv.slice(2);
const root = `sealline/v1/${site}/${line}/`;
const journals = new Map(); // journal id -> { events by seq, first seq that is missing, digest up to there }

// JSON with sorted keys and no spaces: both sides hash the same bytes.
const canonical = (value) =>
  value === null || typeof value !== "object"
    ? JSON.stringify(value)
    : Array.isArray(value)
      ? `[${value.map(canonical).join(",")}]`
      : `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;

function take(event, keep) {
  const { journal_id, seq } = event;
  if (!journals.has(journal_id)) journals.set(journal_id, { events: new Map(), next: 1, digest: Buffer.alloc(32) });
  const journal = journals.get(journal_id);
  // An event that comes again changes nothing: the line sends until it hears the confirmation.
  if (seq >= journal.next && !journal.events.has(seq)) {
    if (keep) appendFileSync(file, `${JSON.stringify(event)}\n`, { flush: true });
    journal.events.set(seq, canonical(event));
  }
  while (journal.events.has(journal.next)) {
    journal.digest = createHash("sha256").update(journal.digest).update(journal.events.get(journal.next)).digest();
    journal.events.delete(journal.next);
    journal.next += 1;
  }
  return { journal_id, seq: journal.next - 1, digest: journal.digest.toString("hex") };
}

if (existsSync(file)) {
  for (const text of readFileSync(file, "utf8").split("\n").filter(Boolean)) take(JSON.parse(text), false);
}

const { CA, CERT, KEY } = process.env;
const client = mqtt.connect(url, {
  protocolVersion: 5,
  clientId: `central-${site}-${line}`,
  clean: false,
  properties: { sessionExpiryInterval: 7 * 24 * 3600 },
  ...(CA && { ca: readFileSync(CA), cert: readFileSync(CERT), key: readFileSync(KEY) }),
});

// Acknowledged only after it is stored: what is lost in between comes again.
client.handleMessage = (packet, acknowledge) => {
  if (packet.topic === `${root}events`) {
    const confirmation = take(JSON.parse(packet.payload.toString()), true);
    client.publish(`${root}confirm`, JSON.stringify(confirmation), { qos: 0 });
  } else {
    console.log(packet.topic.slice(root.length), packet.payload.toString());
  }
  acknowledge();
};

client.on("connect", () => client.subscribe([`${root}events`, `${root}request`, `${root}state`], { qos: 1 }));
client.on("error", (error) => console.error(error.message));
