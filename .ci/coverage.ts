/** Prints what the tests leave out of the files in an lcov file; fails when they run less than the floors ask. */
const [lcov, lineFloor, branchFloor] = Deno.args;
const records = Deno.readTextFileSync(lcov).split("end_of_record\n").slice(0, -1);

for (const record of records) {
  const [, path] = /^SF:(.*)$/m.exec(record) ?? [];
  const missed = [...record.matchAll(/^DA:(\d+),0$/gm)].map(([, line]) => line);
  if (missed.length > 0) console.log(`${path}: not run: ${missed.join(" ")}`);
}
const lines = percent(sum("LH"), sum("LF"));
const branches = percent(sum("BRH"), sum("BRF"));
console.log(`lines: ${lines.toFixed(1)} % of ${sum("LF")}, branches: ${branches.toFixed(1)} % of ${sum("BRF")}`);
if (lines >= Number(lineFloor) && branches >= Number(branchFloor)) Deno.exit();
console.error(`The floors are ${lineFloor} % of the lines and ${branchFloor} % of the branches`);
Deno.exit(1);

function sum(field: string): number {
  const pattern = new RegExp(`^${field}:(\\d+)$`, "m");
  return records.reduce((total, record) => total + Number(pattern.exec(record)?.[1] ?? 0), 0);
}

function percent(hit: number, found: number): number {
  return 100 * hit / found;
}
