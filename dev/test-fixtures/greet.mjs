// A one-shot for the launcher's own tests: asks the shop and ends with the code it was given.
const reply = await fetch(process.env.SHOP_URL);
console.log(await reply.text());
process.exit(Number(process.argv[2]));
