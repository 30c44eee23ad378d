// A Modbus/TCP device made with jsmodbus: holding registers, no FC23 (which it leaves without an answer).
// usage: node jsmodbus_server.js REGISTER=VALUE...   prints its port, ends at EOF on stdin.
const net = require("node:net");
const modbus = require("jsmodbus");

const holding = Buffer.alloc(2 * 400);
for (const word of process.argv.slice(2)) {
    const [register, value] = word.split("=").map(Number);
    holding.writeUInt16BE(value, 2 * register);
}
const listener = new net.Server();
new modbus.server.TCP(listener, { holding });
listener.listen(0, "127.0.0.1", () => console.log(listener.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
