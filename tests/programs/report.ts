/** Prints one JSON line for the test that started this program. */
export function report(event: string, fields: Record<string, unknown> = {}): void {
  const line = new TextEncoder().encode(JSON.stringify({ event, ...fields }) + "\n");
  for (let written = 0; written < line.length;) written += Deno.stdout.writeSync(line.subarray(written));
}

/** The fields of an error that tests look at. */
export function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: "not an Error", message: String(error) };
  const { name, message, ...own } = { ...error, name: error.constructor.name, message: error.message };
  return { error: name, message, ...own };
}

/** The lines of standard input, until it is closed. */
export async function* commands(): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
