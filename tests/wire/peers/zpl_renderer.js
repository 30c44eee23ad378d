// Renders ZPL with zpl-renderer-js (zebrash): one JSON object a line on stdin {zpl, width_mm, height_mm, dots_per_mm}, one PNG in
// base64 a line on stdout; ends at EOF. Loading takes longer than rendering, so one process serves a whole batch.
const readline = require("node:readline");
const { ready } = require("zpl-renderer-js");

ready.then(async ({ api }) => {
    for await (const line of readline.createInterface({ input: process.stdin })) {
        const label = JSON.parse(line);
        console.log(await api.zplToBase64Async(label.zpl, label.width_mm, label.height_mm, label.dots_per_mm));
    }
    process.exit(0);
});
