// A one-shot for the launcher's own tests: asks the shop and ends with the code it was given.
const answer = await fetch(process.env.SHOP_URL);
console.log(await answer.text());
process.exit(Number(process.argv[2]));
