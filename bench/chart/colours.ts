/** Each colour on a light screen, and on a dark one. */
const COLOURS = {
  paper: ["#ffffff", "#0d1117"],
  ink: ["#1f2328", "#f0f6fc"],
  faint: ["#59636e", "#9198a1"],
  line: ["#d1d9e0", "#3d444d"],
  ours: ["#0969da", "#4493f8"],
  others: ["#8c959f", "#6e7681"],
} as const;
export const [PAPER, INK, FAINT, LINE, OURS_BAR, OTHERS_BAR] = Object.values(COLOURS).map(([light]) => light);

/** The colours of the dark screen in place of the others: what a style says goes before what an attribute says. */
export function darkStyle(): string {
  const rules = Object.values(COLOURS).flatMap(([light, dark]) =>
    ["fill", "stroke"].map((property) => `[${property}="${light}"] { ${property}: ${dark}; }`)
  );
  return `<style>@media (prefers-color-scheme: dark) {\n${rules.join("\n")}\n}</style>`;
}
