// modbus-serial as a client: reads the PLC's image, writes the edge's in three ways, and asks for what must be refused.
// usage: node modbus_serial_client.js PORT READ_AT READ_COUNT WRITE_AT WORD...   prints one line of JSON.
const ModbusRTU = require("modbus-serial");

const [port, readAt, readCount, writeAt, ...words] = process.argv.slice(2).map(Number);
const refusal = (asked) => asked.then(() => 0, (error) => error.modbusCode);

async function talk() {
    const client = new ModbusRTU();
    client.setTimeout(5000);
    await client.connectTCP("127.0.0.1", { port });
    client.setID(1);
    const read = (await client.readHoldingRegisters(readAt, readCount)).data;
    await client.writeRegisters(writeAt, words);
    await client.writeRegister(writeAt + words.length - 1, 4711);
    const refused = [
        await refusal(client.readHoldingRegisters(readAt + readCount - 1, 2)),
        await refusal(client.writeRegisters(writeAt + words.length - 1, [1, 2])),
        await refusal(client.readInputRegisters(readAt, 1)),
    ];
    client.close(() => {});
    return { read, refused };
}

talk().then((found) => console.log(JSON.stringify(found)));
