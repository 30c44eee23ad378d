// A Modbus/TCP device made with modbus-serial: holding registers 0..399 of unit 1, no FC23 (exception 1).
// usage: node modbus_serial_server.js REGISTER=VALUE...   prints its port, ends at EOF on stdin.
const net = require("node:net");
const { ServerTCP } = require("modbus-serial");

const holding = new Uint16Array(400);
for (const word of process.argv.slice(2)) {
    const [register, value] = word.split("=").map(Number);
    holding[register] = value;
}
const known = (address) => {
    if (address >= holding.length) throw { modbusErrorCode: 2 };
    return address;
};
const registers = {
    getHoldingRegister: (address) => holding[known(address)],
    setRegister: (address, value) => { holding[known(address)] = value; },
};
// It takes a port number and no answer as to which one it got: the system is asked for a free one first.
const probe = net.createServer().listen(0, "127.0.0.1", () => {
    const { port } = probe.address();
    probe.close(() => {
        const server = new ServerTCP(registers, { host: "127.0.0.1", port, unitID: 1 });
        server.on("initialized", () => console.log(port));
    });
});
process.stdin.on("end", () => process.exit(0)).resume();
