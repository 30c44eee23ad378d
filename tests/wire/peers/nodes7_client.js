// nodes7 as a client: reads words of the PLC's block, writes three items of the edge's block in one request, reads again.
// usage: node nodes7_client.js PORT READ_DB READ_COUNT WRITE_DB   prints one line of JSON.
const NodeS7 = require("nodes7");

const [port, readDb, readCount, writeDb] = process.argv.slice(2).map(Number);
const plc = new NodeS7({ silent: true });
const address = {
    image: `DB${readDb},WORD0.${readCount}`,
    first: `DB${writeDb},WORD2`,
    second: `DB${writeDb},DWORD8`,
    third: `DB${writeDb},WORD40.3`,
    nowhere: "DB999,WORD0",
};
const call = (method, ...args) => new Promise((resolve) => plc[method](...args, (bad, found) => resolve({ bad, found })));

async function talk() {
    await new Promise((resolve) => plc.initiateConnection({ port, host: "127.0.0.1", rack: 0, slot: 1 }, resolve));
    plc.setTranslationCB((name) => address[name]);
    plc.addItems(["image"]);
    const read = await call("readAllItems");
    const written = await call("writeItems", ["first", "second", "third"], [0x1267, 0x89abcdef, [1, 2, 65535]]);
    const refused = await call("writeItems", ["nowhere", "first"], [1, 0x7777]);
    plc.dropConnection(() => process.exit(0));
    return { bad: [read.bad, written.bad, refused.bad], image: read.found.image };
}

talk().then((found) => console.log(JSON.stringify(found)));
